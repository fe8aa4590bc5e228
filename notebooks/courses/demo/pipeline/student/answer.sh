cd "$(dirname "$0")" || exit
@@command@@
