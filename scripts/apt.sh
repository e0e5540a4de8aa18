#!/bin/sh
# scripts/apt.sh PACKAGE…: installs Debian or Ubuntu packages, as root.
#
# Asks nothing, starts no service (Postgres is only wanted for its programs, and no cluster of the distribution's is
# made), and goes on with the lists it has when they cannot be brought up to date.
set -eu

policy=/usr/sbin/policy-rc.d
no_cluster=/etc/postgresql-common/createcluster.d/zz-portcullis.conf
our_policy=

clean_up() {
  rm -f "$no_cluster"
  [ -z "$our_policy" ] || rm -f "$policy"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

if [ ! -e "$policy" ]; then
  our_policy=yes
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod 755 "$policy"
fi
mkdir -p "$(dirname "$no_cluster")"
echo "create_main_cluster = false" > "$no_cluster"

export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l
lists=$(apt-get update -qq -o DPkg::Lock::Timeout=120 2>&1) || {
  printf '%s\n' "$lists" >&2
  echo "install: the package lists could not be brought up to date; trying with those at hand" >&2
}
apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 \
  -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
