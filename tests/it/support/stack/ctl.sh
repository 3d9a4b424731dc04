# ctl start|stop|restart|check NAME: one server of the stack in $dir.
set -eu
action=$1 name=$2
pidfile=$dir/run/$name.pid

# Sets $pid, and says why not when it does not run. The pid alone proves nothing: it may be another's by now, or that of
# a process that ended and was not reaped yet. The command line of such a one is empty; in the middle of `exec`, which
# takes its time on a busy machine, it is empty as well.
is_running() {
  pid=$(cat "$pidfile" 2>/dev/null) || { why="there is no $pidfile"; return 1; }
  looks=0
  while [ "$looks" -lt 500 ]; do
    looks=$((looks + 1))
    if grep -qsaF -- "$dir/" "/proc/$pid/cmdline"; then return 0; fi
    stat=$(cat "/proc/$pid/stat" 2>/dev/null) || { why="process $pid is gone"; return 1; }
    case ${stat##*) } in
      Z* | X*) why="process $pid has ended"; return 1 ;;
    esac
    cmdline=$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") || { why="process $pid is gone"; return 1; }
    case $cmdline in
      '') ;;
      # It may have ended its `exec` since it was looked at.
      *"$dir/"*) return 0 ;;
      *) why="process $pid is another one: $cmdline"; return 1 ;;
    esac
    sleep 0.02
  done
  why="process $pid has had no command line for 10 s"
  return 1
}

# Tries "$@" every 20 ms, for 30 s.
wait_until() {
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    [ "$tries" -lt 1500 ] || { echo "waited 30 s in vain: $*" >&2; exit 1; }
    sleep 0.02
  done
}

is_gone() { ! is_running; }

# $dir/bin/NAME becomes the server by `exec`, so that the pid stays the same. As under a service manager, nothing
# of the caller's environment reaches it: mainstay finds the processes of a step by a variable.
start() {
  rm -f "$pidfile"
  # shellcheck disable=SC2016 # for the inner shell
  setsid -f env -i PATH="$PATH" sh -c \
    'echo $$ >"$1.new" && mv "$1.new" "$1" && exec "$2"' start "$pidfile" "$dir/bin/$name" \
    </dev/null >>"$dir/log/$name.log" 2>&1
  wait_until test -s "$pidfile"
}

stop() {
  is_running || return 0
  kill -TERM "$pid"
  wait_until is_gone
}

case $action in
  start) is_running || start ;;
  stop) stop ;;
  restart) stop && start ;;
  check) is_running || { echo "$why" >&2; exit 1; } ;;
  *) echo "ctl: no such action: $action" >&2 && exit 2 ;;
esac
