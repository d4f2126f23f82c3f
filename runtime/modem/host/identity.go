package host

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"

	"github.com/cloudgen/cloudgen/runtime/hwid"
	"github.com/cloudgen/cloudgen/runtime/modem"
)

func machineID(ctx context.Context) (string, error) {
	return hwid.Config{Source: hwid.SourceDeviceID}.ID(ctx, nil)
}

// imei makes an IMEI in form from a machine id. machine-id(5) wants the id to be told to nobody, and a keyed hash of it to be used in its place. 00
// begins the codes of test equipment (GSMA TS.06), so it is never taken for a real one.
func imei(machineID string) string {
	const digits = 1_000_000_000_000
	hash := hmac.New(sha256.New, []byte(machineID))
	hash.Write([]byte("cloudgen host IMEI"))
	number := binary.BigEndian.Uint64(hash.Sum(nil)) % digits
	text := "00" + strconv.FormatUint(digits+number, 10)[1:]
	return text + string(modem.IMEICheckDigit(text))
}

// board gives what the device says it is: the device tree's model, else the product name of its firmware; "" where it says neither.
func board(root string) string {
	for _, name := range []string{"proc/device-tree/model", "sys/class/dmi/id/product_name"} {
		if text := line(filepath.Join(root, name)); text != "" {
			return text
		}
	}
	return ""
}

// maxBoard is the longest name that is told, in bytes.
const maxBoard = 64

// line gives the first line of a file, without what cannot be printed; "" where there is none.
func line(path string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxBoard))
	if err != nil {
		return ""
	}
	text, _, _ := strings.Cut(strings.ToValidUTF8(string(content), ""), "\n")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, text))
}
