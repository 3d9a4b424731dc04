//! The certificates that a TLS server shows, whoever they are of.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme};

/// Why a server shows no certificate.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// There is no connection.
    #[error("cannot reach {address}")]
    Unreachable {
        /// Where to.
        address: String,
        /// Why not.
        source: io::Error,
    },
    /// It did not come to a certificate in time.
    #[error("{address} showed no certificate within {}s", timeout.as_secs_f32())]
    Timeout {
        /// Where to.
        address: String,
        /// The time that it had.
        timeout: Duration,
    },
    /// It does not speak TLS as it is spoken today, or not with us.
    #[error("{address} agrees on no TLS connection: {why}")]
    NoTls {
        /// Where to.
        address: String,
        /// Why not.
        why: String,
    },
}

/// The provider of cryptography that the whole program uses.
pub fn provider() -> Arc<CryptoProvider> {
    CryptoProvider::get_default()
        .cloned()
        .unwrap_or_else(|| Arc::new(rustls::crypto::ring::default_provider()))
}

/// The chain that the server at `address` (`HOST:PORT`) shows to a client that asks for `name`, its own certificate first.
///
/// That the server has the key is proved; nothing else is judged here.
///
/// # Errors
/// [`TlsError`].
pub fn chain(
    address: &str,
    name: ServerName<'static>,
    timeout: Duration,
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let deadline = Instant::now() + timeout;
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
            TlsError::Timeout { address: address.to_owned(), timeout }
        }
        _ => TlsError::Unreachable { address: address.to_owned(), source },
    };
    let stream = connect(address, deadline).map_err(failed)?;
    let no_tls =
        |why: &dyn std::fmt::Display| TlsError::NoTls { address: address.to_owned(), why: why.to_string() };
    let seen = Arc::new(Seen { chain: Mutex::default(), provider: provider() });
    let config = ClientConfig::builder_with_provider(Arc::clone(&seen.provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| no_tls(&error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&seen) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    let mut connection = ClientConnection::new(Arc::new(config), name).map_err(|error| no_tls(&error))?;
    let mut stream = Within { stream, deadline };
    let ended = connection.complete_io(&mut stream);
    let chain = seen.chain.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match ended {
        Ok(_) if !chain.is_empty() => Ok(chain),
        Ok(_) => Err(no_tls(&"it showed no certificate")),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(no_tls(&error)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Err(no_tls(&"it closed the connection"))
        }
        Err(error) => Err(failed(error)),
    }
}

fn connect(address: &str, deadline: Instant) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for one in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&one, left(deadline)?) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

/// A connection that fails when its time is over, however slowly bytes come.
struct Within {
    stream: TcpStream,
    deadline: Instant,
}

impl Read for Within {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(left(self.deadline)?))?;
        self.stream.read(buffer)
    }
}

impl Write for Within {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(left(self.deadline)?))?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Takes every chain and keeps it; that the server has the key is verified.
#[derive(Debug)]
struct Seen {
    chain: Mutex<Vec<CertificateDer<'static>>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Seen {
    fn verify_server_cert(
        &self,
        first: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let all = std::iter::once(first).chain(others).map(|one| one.clone().into_owned());
        *self.chain.lock().unwrap_or_else(PoisonError::into_inner) = all.collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
