#!/usr/bin/env bash
# Makes the API pages of the libraries from their comments, in out/api/site; a warning is an error.
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet tool restore
dotnet build -c Release -v:q -nologo Experiments
rm -rf out/api
dotnet docfx docs/docfx.json --warningsAsErrors
echo "$(find out/api/site/ -name '*.html' | wc -l) pages: out/api/site/toc.html"
