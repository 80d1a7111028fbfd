#!/bin/sh
# booted.sh FOLDER CHECKOUT: a computer with systemd as its first process, in namespaces of its own, over this computer's files;
# what it changes of them is gone with it. It restarts when it is told to (a namespace's first process is ended by
# SIGHUP then, reboot(2)); FOLDER/boots has a line for each start. Only the units below are there: nothing that touches
# this computer's devices, settings of the kernel or network. Its control groups are below one of its own.
set -e
folder=$1 checkout=$2
root=$folder/root
mount --make-rprivate /
mkdir -p "$root" "$folder/disk" "$folder/cgroup"
mount -t cgroup2 cgroup2 "$folder/cgroup"
group=$folder/cgroup$(sed -n "s/^0:://p" /proc/self/cgroup)/$(cat "$folder/name")
mkdir "$group"
echo $$ > "$group/cgroup.procs"
mount -t tmpfs -o mode=755 tmpfs "$folder/disk"
mkdir "$folder/disk/upper" "$folder/disk/work"
mount -t overlay -o "lowerdir=/,upperdir=$folder/disk/upper,workdir=$folder/disk/work" overlay "$root"
if [ ! -e "$root$checkout/pyproject.toml" ]; then  # it lies on another disk
  mkdir -p "$root$checkout"
  mount --rbind "$checkout" "$root$checkout"
fi
units=/usr/lib/systemd/system
mkdir "$folder/disk/units"
for unit in basic.target sysinit.target local-fs.target local-fs-pre.target swap.target sockets.target timers.target paths.target \
  slices.target multi-user.target network.target network-online.target dbus.service dbus.socket systemd-logind.service \
  user@.service user@.service.d user-runtime-dir@.service user.slice shutdown.target reboot.target systemd-reboot.service poweroff.target \
  systemd-poweroff.service final.target umount.target exit.target systemd-exit.service systemd-journald.service \
  systemd-journald.socket systemd-journald-dev-log.socket systemd-user-sessions.service nss-user-lookup.target \
  remote-fs.target time-set.target; do
  if [ -e "$units/$unit" ]; then cp -a "$units/$unit" "$folder/disk/units/"; fi
done
mkdir -p "$folder/disk/units/sockets.target.wants" "$folder/disk/units/multi-user.target.wants"
ln -s ../dbus.socket ../systemd-journald.socket ../systemd-journald-dev-log.socket "$folder/disk/units/sockets.target.wants/"
ln -s ../systemd-logind.service ../systemd-user-sessions.service "$folder/disk/units/multi-user.target.wants/"
mount --bind "$folder/disk/units" "$root$units"
mount -t tmpfs tmpfs "$root/etc/systemd/system"
mount -t tmpfs tmpfs "$root/usr/lib/systemd/system-generators"
for place in root/.config root/.local/state var/lib/systemd/linger; do
  mkdir -p "$root/$place"
  mount -t tmpfs tmpfs "$root/$place"
done
# What nsenter started has a parent elsewhere: nobody tells the last program here of its end, and it waits so long.
mkdir -p "$root/etc/systemd/system.conf.d"
printf "[Manager]\nDefaultTimeoutStopSec=2s\n" > "$root/etc/systemd/system.conf.d/rs.conf"
: > "$folder/disk/boot_id"
while :; do
  tr -d '\n' < /proc/sys/kernel/random/uuid > "$folder/disk/boot_id"
  echo >> "$folder/boots"
  status=0
  setpriv --pdeathsig KILL unshare --mount --pid --uts --ipc --cgroup --fork --kill-child sh -c '
    set -e
    root=$1 folder=$2
    mount -t proc proc "$root/proc"
    mount --bind "$folder/disk/boot_id" "$root/proc/sys/kernel/random/boot_id"
    mount -t tmpfs -o mode=755 tmpfs "$root/run"
    mount -t sysfs -o ro sysfs "$root/sys"
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
    mount -t tmpfs -o mode=755 tmpfs "$root/dev"
    mkdir "$root/dev/pts" "$root/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
    mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
    ln -s pts/ptmx "$root/dev/ptmx"; ln -s /proc/self/fd "$root/dev/fd"
    for node in null zero full random urandom tty; do
      touch "$root/dev/$node"
      mount --bind "/dev/$node" "$root/dev/$node"
    done
    exec env -i container=rs PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb chroot "$root" \
      /lib/systemd/systemd --unit=multi-user.target --log-target=journal --show-status=0
  ' sh "$root" "$folder" || status=$?
  echo "ended with $status"
  [ "$status" = 129 ] || exit "$status"  # SIGHUP: it restarts; all else is the end
done
