#!/usr/bin/env bash
# The documents point at what exists, and everything has the same version.
needs_parts=no
. "$(dirname "$0")/lib.sh"
cd "$top" || exit 1

for file in README.md CHANGELOG.md doc/*.md extension/core/*.md extension/sql/*.md; do
  dead=''
  for link in $(grep -oE '\]\([^)#]+' "$file" | cut -c3- | grep -vE '^[a-z]+:'); do
    [ -e "$(dirname "$file")/$link" ] || dead="$dead $link"
  done
  is "$dead" '' "$file has no dead link"
done

for command in 'make demo' 'make check'; do
  like "$(cat README.md)" "$command" "the README names $command"
done

version=$(sed -n "s/^default_version = '\(.*\)'/\1/p" extension/pgdr.control)
is "$(jq -r .version META.json)" "$version" "META.json's version"
is "$(jq -r '.provides.pgdr.version' META.json)" "$version" "META.json's extension version"
is "$(sed -n 's/^EXTENSION_VERSION := //p' extension.mk)" "$version" "extension.mk's version"
is "$(sed -n 's/^project(pgdr VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)" "$version" "the tool's version"
like "$(cat CHANGELOG.md)" "## $version" 'the changelog has this version'
for file in $(jq -r '.provides.pgdr | .file, .docfile' META.json); do
  ok "META.json's $file exists" test -e "$file"
done
for folder in $(git ls-files 'extension/*.cpp' 'tool/*/*.cpp' 2>/dev/null | xargs -rn1 dirname | sort -u); do
  ok "$folder says what lives there" test -s "$folder/README.md"
done
done_testing
