# One answer over HTTP: 200 when this machine is well, 503 when not. Its arguments are units that may fail.
allowed=" $* "
# A unit that answers late or not at all must not keep others waiting.
while IFS= read -r line && [ -n "${line%"$(printf '\r')"}" ]; do :; done

state=$(systemctl is-system-running 2>/dev/null)
bad=
if [ "$state" = degraded ]; then
    for unit in $(systemctl list-units --failed --plain --no-legend --full --no-pager | cut -d ' ' -f 1); do
        case $allowed in *" $unit "*) ;; *) bad="$bad $unit" ;; esac
    done
fi

case $state in
running) status='200 OK' told=running ;;
degraded) if [ -z "$bad" ]; then status='200 OK' told=running; else status='503 Service Unavailable' told="failed:$bad"; fi ;;
*) status='503 Service Unavailable' told=${state:-unknown} ;;
esac
told=$(printf '%s' "$told" | tr '\n' ' ')
printf 'HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s\n' \
    "$status" $((${#told} + 1)) "$told"
