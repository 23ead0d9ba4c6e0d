# Sourced by .ci/run, which has `log` and `install_packages`: a Docker engine, a base image, Compose and a registry with a password, for the tests that use them.
#
#   docker_up     starts what is missing; where this machine cannot, says so loudly and goes on: those tests skip
#   docker_down   stops, by process id, what docker_up started itself; an engine that ran before goes on running
#
# What the tests are told: DYNO_TEST_REGISTRY (host:port), DYNO_TEST_REGISTRY_USER, DYNO_TEST_REGISTRY_PASSWORD.

DOCKER_BASE=python:3.11-slim
COMPOSE_VERSION=v2.23.3

docker_engine_pid=
docker_registry_pid=
docker_compose_pid=
docker_state=

docker_up() {
  docker_state=$(mktemp -d)
  # One engine, base and registry are worth having without the next: nothing here ends the CI run.
  docker_engine || { docker_without 'no Docker engine: every test on containers'; return 0; }
  # In a process group of its own.
  set -m; docker_compose & docker_compose_pid=$!; set +m
  docker_base || docker_without "no $DOCKER_BASE: every test that builds images or runs servers in them"
  docker_registry || docker_without 'no registry: the tests that push and pull'
}

# Waits for what was started in the background by docker_up.
docker_ready() {
  [ -n "$docker_compose_pid" ] || return 0
  wait "$docker_compose_pid" || docker_without 'no docker compose: the check of the compose files by Compose itself'
  docker_compose_pid=
}

docker_down() {
  # Its whole group: also what it waits for, the compiler.
  [ -z "$docker_compose_pid" ] || kill -- "-$docker_compose_pid" 2>/dev/null || true
  docker_stop "$docker_compose_pid" "$docker_registry_pid" "$docker_engine_pid"
  docker_compose_pid='' docker_registry_pid='' docker_engine_pid=''
  [ -z "$docker_state" ] || rm -rf "$docker_state"
  docker_state=
}

# Debian packages that are missing, one a line. An engine that is installed in another way stays as it is.
docker_packages() {
  if ! command -v dockerd >/dev/null && ! docker_answers; then printf '%s\n' docker.io iptables iproute2; fi
  # A package of its own from Debian 13 on.
  if ! command -v docker >/dev/null && apt-cache show docker-cli >/dev/null 2>&1; then echo docker-cli; fi
  command -v docker-registry >/dev/null || echo docker-registry
  command -v htpasswd >/dev/null || echo apache2-utils
}

docker_without() {
  printf '\n!!! THIS MACHINE HAS %s, IS SKIPPED\n\n' "$*" >&2
}

# Each gets half a minute to end by itself: the engine stops its containers first.
docker_stop() {
  local pid
  for pid in "$@"; do
    [ -n "$pid" ] && kill "$pid" 2>/dev/null || continue
    for _ in {1..150}; do kill -0 "$pid" 2>/dev/null || break; sleep 0.2; done
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
}

docker_answers() { timeout 5 docker version >/dev/null 2>&1; }

docker_engine() {
  ! docker_answers || return 0
  [ "$(id -u)" = 0 ] || { echo 'starting an engine takes root' >&2; return 1; }
  command -v dockerd iptables >/dev/null || { echo 'dockerd or iptables is not installed' >&2; return 1; }
  log 'starting a Docker engine'
  # In a session of its own: Ctrl-C ends the tests first, which still need it to clean up.
  setsid dockerd ${DOCKER_HOST:+--host "$DOCKER_HOST"} >"$docker_state/dockerd.log" 2>&1 </dev/null &
  docker_engine_pid=$!
  for _ in {1..150}; do
    ! docker_answers || return 0
    kill -0 "$docker_engine_pid" 2>/dev/null || break
    sleep 0.2
  done
  tail -20 "$docker_state/dockerd.log" >&2
  docker_stop "$docker_engine_pid"
  docker_engine_pid=
  return 1
}

docker_base() {
  ! docker image inspect "$DOCKER_BASE" >/dev/null 2>&1 || return 0
  log "pulling $DOCKER_BASE"
  ! timeout 60 docker pull --quiet "$DOCKER_BASE" || return 0
  log "making a stand-in for $DOCKER_BASE of Debian packages: it cannot be pulled"
  command -v mmdebstrap >/dev/null || install_packages mmdebstrap || return 1
  local suite sources tmp
  suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  sources=$(find /etc/apt/sources.list /etc/apt/sources.list.d -name '*.sources' -o -name '*.list' 2>/dev/null)
  # In memory where there is such a folder: several times as fast.
  tmp=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d -p "$docker_state")
  docker_customize >"$docker_state/customize" && chmod +x "$docker_state/customize"
  local packages=base-files,base-passwd,dash,bash,coreutils,sed,grep,findutils,tar,gzip,libc-bin,libstdc++6
  packages+=,python3.11,python3.11-venv,libpython3.11,python3,python3-pip,python3-venv,ca-certificates,openssl,adduser,passwd
  # shellcheck disable=SC2086 # One argument for each file of sources.
  if TMPDIR=$tmp mmdebstrap --variant=extract --include="$packages" --extract-hook="$docker_state/customize" \
    --aptopt='APT::Install-Recommends "false"' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    "$suite" "$tmp/base.tar" $sources >"$docker_state/mmdebstrap.log" 2>&1 &&
    docker import --change 'CMD ["python3"]' --change 'ENV LANG=C.UTF-8' \
      --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
      --message 'stands in for an image that could not be pulled' "$tmp/base.tar" "$DOCKER_BASE" >/dev/null; then
    rm -rf "$tmp"
  else
    rm -rf "$tmp"
    tail -20 "$docker_state/mmdebstrap.log" >&2
    return 1
  fi
}

# What makes Debian's tree answer as the real image does. It trusts whom this machine trusts, and its pip is set up alike.
docker_customize() {
  cat <<'HOOK'
#!/bin/sh
set -e
root=$1
ln -sf python3 "$root/usr/bin/python"
rm -f "$root"/usr/lib/python3*/EXTERNALLY-MANAGED
mkdir -p "$root/etc/ssl/certs" "$root/root" "$root/tmp" "$root/var/tmp" "$root/proc" "$root/sys" "$root/dev"
chmod 1777 "$root/tmp" "$root/var/tmp"
rm -f "$root/etc/ssl/certs/ca-certificates.crt"
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
{
  echo '[global]'
  echo 'cert = /etc/ssl/certs/ca-certificates.crt'
  python3 -m pip config list 2>/dev/null |
    sed -n "s/^[^=]*\.\(index-url\|extra-index-url\|trusted-host\)='\(.*\)'\$/\1 = \2/p" | sort -u -t= -k1,1
} >"$root/etc/pip.conf"
[ -s "$root/etc/passwd" ] || cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
[ -s "$root/etc/group" ] || cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
ldconfig -r "$root"
HOOK
}

# On 127.0.0.1, where an engine asks for no TLS, at a free port and with a password of this run.
docker_registry() {
  command -v docker-registry htpasswd >/dev/null || { echo 'docker-registry or htpasswd is not installed' >&2; return 1; }
  local password port
  password=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
  port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })') || return 1
  htpasswd -Bbn dyno "$password" >"$docker_state/htpasswd" 2>/dev/null
  cat >"$docker_state/registry.yml" <<YAML
version: 0.1
log: { level: warn }
storage: { filesystem: { rootdirectory: $docker_state/registry }, delete: { enabled: true } }
http: { addr: "127.0.0.1:$port" }
auth: { htpasswd: { realm: dyno, path: $docker_state/htpasswd } }
YAML
  setsid docker-registry serve "$docker_state/registry.yml" >"$docker_state/registry.log" 2>&1 </dev/null &
  docker_registry_pid=$!
  for _ in {1..50}; do
    if (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && kill -0 "$docker_registry_pid" 2>/dev/null; then
      export DYNO_TEST_REGISTRY=127.0.0.1:$port DYNO_TEST_REGISTRY_USER=dyno DYNO_TEST_REGISTRY_PASSWORD=$password
      return 0
    fi
    sleep 0.1
  done
  tail -20 "$docker_state/registry.log" >&2
  return 1
}

# Debian has no Compose v2: Docker's or Ubuntu's package, else from its sources, kept for the next time.
docker_compose() {
  ! docker compose version >/dev/null 2>&1 || return 0
  local package kept=${XDG_CACHE_HOME:-$HOME/.cache}/dyno-ci/docker-compose-$COMPOSE_VERSION folder
  folder=${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins
  if [ "$(id -u)" = 0 ]; then
    folder=/usr/local/lib/docker/cli-plugins
    for package in docker-compose-plugin docker-compose-v2; do
      ! install_packages "$package" 2>/dev/null || return 0
    done
  fi
  if [ ! -x "$kept" ]; then
    command -v go >/dev/null || { echo 'there is no package of Compose v2, and no Go to build it with' >&2; return 1; }
    log "building Docker Compose $COMPOSE_VERSION in the background, once"
    # Its own module and build caches, half a gigabyte that nothing else needs.
    GOFLAGS=-modcacherw GOPATH=$docker_state/go GOCACHE=$docker_state/go-build GOBIN=$docker_state/bin \
      nice go install -ldflags "-s -w -X github.com/docker/compose/v2/internal.Version=$COMPOSE_VERSION" \
      "github.com/docker/compose/v2/cmd@$COMPOSE_VERSION" >"$docker_state/go.log" 2>&1 ||
      { tail -5 "$docker_state/go.log" >&2; return 1; }
    mkdir -p "${kept%/*}" && mv "$docker_state/bin/cmd" "$kept" && rm -rf "$docker_state/go" "$docker_state/go-build"
  fi
  mkdir -p "$folder" && ln -sf "$kept" "$folder/docker-compose" && docker compose version
}
