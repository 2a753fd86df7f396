#!/bin/sh
# Cuts DejaVu Sans 2.37 (Debian package fonts-dejavu-core) down to what the figures need; needs fonttools.
set -e
latin="U+0020-007E,U+00A0-00FF,U+0131,U+0141,U+0142,U+0150,U+0151,U+0160,U+0161,U+0107,U+010C,U+010D,U+2009,U+2010-2016,U+2018-201E,U+2022,U+2026,U+202F"
greek="U+0391-03A9,U+03B1-03C9,U+03D1,U+03D5,U+03F5"
scripts="U+1D62-1D65,U+2070-209C,U+2032,U+2033"
math="U+2102,U+2113,U+2115,U+211D,U+2190-2194,U+21A6,U+21D2,U+21D4,U+2200-220B,U+220F-2213,U+2217-221A,U+221D,U+221E,U+2225,U+2227-222B,U+2248,U+2260-2265,U+226A,U+226B,U+2282,U+2283,U+2286,U+2295,U+2297,U+22A5,U+22C5,U+2308-230B,U+27E8,U+27E9"
from=/usr/share/fonts/truetype/dejavu
for face in DejaVuSans DejaVuSans-Bold; do
  pyftsubset $from/$face.ttf --unicodes="$latin,$greek,$scripts,$math" --no-hinting --layout-features='' \
    --drop-tables+=GPOS,GSUB,GDEF,kern,FFTM,gasp --name-IDs=0,1,2,13,14 --output-file=$face.subset.ttf
done
