# Waits until the test lets go of its end of the pipe, on purpose or by dying, and leaves nothing behind in $dir.
trap '' INT TERM HUP
read -r _

# A restart that is under way finds no place for its pid any more, and gives up.
mv "$dir/run" "$dir/run.closed"

# Kills what names $dir on its command line; says no when there was nothing.
kill_all() {
  any=1
  # shellcheck disable=SC2013 # these paths hold no spaces
  for file in $(grep -lsaF -- "$dir/" /proc/[0-9]*/cmdline); do
    pid=${file#/proc/}
    pid=${pid%/cmdline}
    if [ "$pid" != $$ ] && kill -KILL "$pid" 2>/dev/null; then any=0; fi
  done
  return $any
}

# In the middle of `exec` a process has no command line: nothing found has to be found three times.
tries=0 quiet=0
while [ "$quiet" -lt 3 ] && [ "$tries" -lt 500 ]; do
  if kill_all; then quiet=0; else quiet=$((quiet + 1)); fi
  tries=$((tries + 1))
  sleep 0.02
done
rm -rf -- "$dir"
