# Copies what lies below $SOURCE, an s3:// URL, into the folder $TARGET, once: afterwards the folder is its users'.
set -eu

marker=$TARGET/.hubctl-filled
staging=$TARGET/.hubctl-filling

if [ -e "$marker" ]; then
  echo "$TARGET has been filled already"
  exit 0
fi

# Goes on where an earlier attempt was cut off.
mkdir -p "$staging"
aws s3 sync "$SOURCE" "$staging" --no-progress

shopt -s dotglob nullglob
entries=("$staging"/*)
if [ "${#entries[@]}" -eq 0 ]; then
  echo "there is nothing below $SOURCE" >&2
  exit 1
fi
for entry in "${entries[@]}"; do
  name=${entry##*/}
  if [ -e "$TARGET/$name" ]; then
    echo "$name is in the folder already, and stays as it is"
  else
    mv "$entry" "$TARGET/$name"
  fi
done

rm -rf "$staging"
echo "$SOURCE" >"$marker"
