#!/bin/sh
# rs-agent for @SYSTEM@, with all that it needs. It unpacks itself once, into a folder of your own, and starts:
#   sh rs-agent-@SYSTEM@ [--help]
set -eu
umask 077
case "${LANGUAGE:-${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}}" in fr*) french=1 ;; *) french= ;; esac
stop() { # English, its way out, French, its way out
  if [ "$french" ]; then printf 'rs-agent: %s\n  %s\n' "$3" "$4"; else printf 'rs-agent: %s\n  %s\n' "$1" "$2"; fi >&2
  exit 13
}
machine=$(uname -m)
[ "$(uname -s)" = Linux ] && [ "$machine" = @MACHINE@ ] || stop \
  "This file is for Linux on @MACHINE@; this computer says $(uname -s) on $machine." \
  "Look on the page that you were given for the line of your system." \
  "Ce fichier est pour Linux sur @MACHINE@ ; cet ordinateur est $(uname -s) sur $machine." \
  "Cherchez sur la page qu'on vous a donnée la ligne pour votre système."
loader=
for each in /lib64/ld-linux-*.so.* /lib/ld-linux-*.so.* "/lib/$machine-linux-gnu"/ld-linux-*.so.*; do
  if [ -x "$each" ]; then loader=$each; fi
done
[ "$loader" ] || stop \
  "This Linux has no glibc (it may be one with musl, as Alpine is), and this file needs it." \
  "Ask whoever helps you to reach you on another computer." \
  "Ce Linux n'a pas de glibc (c'est peut-être un système à musl, comme Alpine), et ce fichier en a besoin." \
  "Demandez à la personne qui vous aide de vous joindre sur un autre ordinateur."
told() { # what says which glibc this is; the library itself does when it is run
  getconf GNU_LIBC_VERSION 2>/dev/null && return
  for each in "/lib/$machine-linux-gnu/libc.so.6" /lib64/libc.so.6 /usr/lib/libc.so.6; do
    [ -x "$each" ] && "$each" 2>/dev/null && return
  done
}
glibc=$(told | sed -n '1s/.* \([0-9]*\.[0-9]*\)[^0-9]*$/\1/p')
minor=${glibc#*.}
case $minor in '' | *[!0-9]*) minor=@MINOR@ ;; esac # it does not say: let it try
[ "$minor" -ge @MINOR@ ] || stop \
  "This Linux is too old for this file: it has glibc $glibc, and @GLIBC@ is needed." \
  "Where Python 3.11 or newer is installed, take the other line of the page that you were given." \
  "Ce Linux est trop ancien pour ce fichier : il a la glibc $glibc, et il faut la @GLIBC@." \
  "Si Python 3.11 ou plus récent est installé, prenez l'autre ligne de la page qu'on vous a donnée."
cache=${RS_CACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/rs/agent}
place=$cache/program-@HASH@
mine() { [ -O "$1" ] && [ -z "$(find "$1" -prune \( ! -type d -o -perm -0020 -o -perm -0002 \) -print)" ]; }
strange() {
  stop "The folder $1 belongs to, or may be changed by, somebody else." "Remove it and start again." \
    "Le dossier $1 appartient à quelqu'un d'autre, ou peut être modifié par lui." "Supprimez-le et recommencez."
}
full() {
  stop "The folder $cache cannot be written." "Make room, or set RS_CACHE_DIR to another folder." \
    "Impossible d'écrire dans le dossier $cache." "Libérez de la place, ou indiquez un autre dossier par RS_CACHE_DIR."
}
if [ ! -x "$place/rs-agent" ]; then
  mkdir -p "$cache" 2>/dev/null || full
  mine "$cache" || strange "$cache"
  part=$(mktemp -d "$cache/part-XXXXXXXX" 2>/dev/null) || full
  trap 'rm -rf "$part"' EXIT
  trap 'exit 130' INT TERM HUP
  if [ -t 2 ]; then if [ "$french" ]; then echo "Préparation de rs-agent, une seule fois…"; else echo "Unpacking rs-agent, once…"; fi >&2; fi
  { tail -c +@OFFSET@ "$0" | gzip -dc && : >"$part/whole"; } 2>/dev/null | tar -xf - -C "$part" 2>/dev/null &&
    [ -f "$part/whole" ] || stop \
    "This file is damaged, or the disk is full." "Make room, or fetch it again from the page that you were given." \
    "Ce fichier est abîmé, ou le disque est plein." "Libérez de la place, ou téléchargez-le de nouveau."
  mv -T "$part" "$place" 2>/dev/null || [ -x "$place/rs-agent" ] # another start was faster
  trap - EXIT INT TERM HUP
  rm -rf "$part"
fi
mine "$cache" || strange "$cache"
mine "$place" || strange "$place"
touch -c "$place"
case $0 in /*) RS_AGENT_FILE=$0 ;; *) RS_AGENT_FILE=$PWD/$0 ;; esac
: "${RS_RELAY:=@RELAY@}"
export RS_AGENT_FILE RS_RELAY
exec "$place/rs-agent" "$@"
