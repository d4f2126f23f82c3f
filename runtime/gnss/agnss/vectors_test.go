package agnss

import (
	"encoding/hex"
	"strings"
	"testing"
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(strings.ReplaceAll(text, "|", "")), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The vectors were computed from the tables of the format, apart from this code.
const (
	vectorMessage = `
01 07 01 00 68 42 c0 a8 00 00 fa 00 00 00 00 00 00 00 00 00 01 01 00 05 00 00 00 fe ff ff ff 62
7c 12 89 07 12 04 01 00 13 03 fe ff 3f 0a fd fc 05 01 00 26 02 9b 00 9c 01 00 1f 06 02 00 07 5c
2a 01 09 00 00 00 08 01 00 84 32 5a 00 8e 9c f8 ff f4 ff 28 1e 2d ff 44 09 01 00 01 10 00 00 0d
01 00 31 00 00 00 10 01 00 34 00 cc ff 78 69 79 05 11 01 00 01 20 00 00 01 00 00 00`
	vectorMessageSum = "10b34a6862b4258388c18e4a6c3e4b27159e64300b768ba687e74520e3c2b382"

	vectorEphemeris = `
07 00 a5 01 be 6e 00 e1 ff c0 1d fe ff f4 01 00 be 6e 4f 97 21 c5 39 30 d2 02 96 49 c2 a8 ff ff
78 0a e3 05 bf fe 80 3f 0d a1 e3 fb 12 27 00 d1 97 a6 2e fb 37 00 e1 10 85 1a b3 ff d7 f6`
	vectorAlmanac          = `07 7a 3d 02 61 1e c4 09 48 fd 00 d1 0b a1 00 00 f7 c2 ff 15 bf 34 00 4f 34 8b ff 9d ff fd ff`
	vectorGalileoEphemeris = `
21 fa 1e ff a7 fe ff ff 55 f8 06 00 ec ff 6b fa 1e 39 94 60 f9 84 1c 00 6c ca 88 74 c3 ff ff 87 d6 12 00 9d ff 20 b2 05 aa
00 df d0 27 00 f1 53 65 e7 03 f4 ff 8a 0c 8f 19 22 00 c9 fd`
	vectorGalileoAlmanac = `21 01 14 03 04 0a 00 d8 ff d5 fd 00 08 00 39 30 60 a4 18 79 b3 ff ff ff`

	vectorOrbits    = "01 07 01 00 68 42 c0 a8 00 00 fa 00 00 00 00 00 00 00 00 00 02 01 00" + vectorEphemeris + "03 01 00" + vectorAlmanac + "0f 01 00" + vectorGalileoEphemeris + "0e 01 00" + vectorGalileoAlmanac
	vectorOrbitsSum = "81a0ffa4be0b6425ac88869052b01fee7ce90aef2d9e25246397f368839d708e"
)
