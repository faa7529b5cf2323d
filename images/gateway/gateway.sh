#!/bin/bash
# gateway check: says what is wrong with the configuration, and ends with 1 if anything is.
# gateway drain SECONDS: has clients let go of their connections, for as long as requests may still come.
# gateway serve: nginx as this process. The pod's certificate and the address of the auth API's Service may change while
# it runs; it is then reloaded, without closing a connection that has a request under way.
set -euo pipefail

CERTIFICATES=/etc/nginx/tls
CONFIGURATION=${CONFIGURATION:-/etc/nginx/nginx.conf}
# The same for a node without IPv6.
IPV4_CONFIGURATION=${IPV4_CONFIGURATION:-/tmp/nginx-ipv4.conf}
# There wherever the kernel speaks IPv6, and not with ipv6.disable=1.
IPV6_ADDRESSES=${IPV6_ADDRESSES:-/proc/net/if_inet6}
WATCH_SECONDS=${WATCH_SECONDS:-10}
# While it is there, answers ask for the end of their connection: see nginx.conf.
DRAINING=/tmp/draining

# Prints which configuration nginx is to read. Without IPv6 it would not start with a listener at [::]; such lines become
# empty, so that its messages count the lines of what is mounted.
configuration() {
  if [ -e "$IPV6_ADDRESSES" ]; then
    echo "$CONFIGURATION"
  else
    sed 's/^ *listen \[::\]:.*//' "$CONFIGURATION" >"$IPV4_CONFIGURATION"
    echo "$IPV4_CONFIGURATION"
  fi
}

# check: TLS_SECRET is set where the configuration needs a certificate. nginx would name the file, not the Secret.
check() {
  if [ -n "${TLS_SECRET:-}" ] && { [ ! -s "$CERTIFICATES/tls.crt" ] || [ ! -s "$CERTIFICATES/tls.key" ]; }; then
    echo "Secret $TLS_SECRET does not hold tls.crt and tls.key: create it, of type kubernetes.io/tls"
    return 1
  fi
  local configuration said status=0
  configuration=$(configuration)
  said=$(nginx -e stderr -c "$configuration" -t -q 2>&1) || status=$?
  # What is no problem is not said: that a module starts, for instance.
  grep -v '\[notice\]' <<<"$said" || true
  return "$status"
}

# What nginx has read once and for all. Empty while the name cannot be resolved: then nothing is known to have changed.
inputs() {
  local address
  address=$(getent hosts "$API_HOST") || return 0
  printf '%s\n' "$address"
  [ ! -d "$CERTIFICATES" ] || cat "$CERTIFICATES"/tls.* 2>/dev/null | sha256sum
}

# watch PID READ: reloads nginx once its inputs are others than READ.
watch() {
  local tried=$2 now problem
  while sleep "$WATCH_SECONDS"; do
    now=$(inputs)
    if [ -z "$now" ] || [ "$now" = "$tried" ]; then continue; fi
    tried=$now
    if problem=$(check); then
      kill -HUP "$1"
      echo '{"message":"reloaded: the certificate or the address of the auth API changed"}'
    else
      # What was read before goes on serving.
      printf '{"message":"not reloaded","problem":"%s"}\n' "$(tr -d '"\\\n' <<<"$problem")"
    fi
  done
}

case ${1:-} in
  check) check ;;
  drain)
    touch "$DRAINING"
    sleep "$2"
    ;;
  serve)
    # Of a container of this pod that was stopped.
    rm -f "$DRAINING"
    # Before nginx reads them: what changes while it starts is then noticed.
    read_inputs=$(inputs)
    watch $$ "$read_inputs" &
    read_configuration=$(configuration)
    # The error log is named here as well, for what nginx has to say before it has read its configuration.
    exec nginx -e stderr -c "$read_configuration" -g 'daemon off;'
    ;;
  *)
    echo "usage: gateway check | gateway serve | gateway drain SECONDS" >&2
    exit 2
    ;;
esac
