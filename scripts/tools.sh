#!/bin/sh
# Looks for the real clients that the tests drive. What is missing is installed
# for root, in CI, or when asked to; otherwise the command that does so is shown.
set -eu

missing=
command -v ab >/dev/null || missing="$missing apache2-utils"
has_browser() {
	for name in chromium-headless-shell chromium chromium-browser google-chrome; do
		if command -v "$name" >/dev/null; then return 0; fi
	done
	return 1
}
has_browser || missing="$missing chromium-headless-shell"
# The benchmarks' client is not needed to test: only asking for it brings it.
[ "${1:-}" != install ] || command -v wrk >/dev/null || missing="$missing wrk"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] || [ -n "${CI:-}" ] || [ "${1:-}" = install ]; then
	sudo=
	[ "$(id -u)" = 0 ] || sudo=sudo
	echo "installing$missing"
	$sudo apt-get update -qq
	apt-cache show chromium-headless-shell >/dev/null 2>&1 || # older systems have the whole of it alone
		missing=$(echo "$missing" | sed 's/chromium-headless-shell/chromium/')
	# shellcheck disable=SC2086 # a list of names
	DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
	exit 0
fi
echo "The tests need$missing. Install them with:"
echo "  sudo apt-get install$missing"
exit 1
