package sim

import (
	"errors"
	"io"
	"io/fs"

	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/modem"
)

// imeiFile is the file in the data directory that keeps the IMEI: 15 digits and a newline.
const imeiFile = "imei"

// An IMEI is a type allocation code of 8 digits, a serial number of 6 and a check digit (3GPP TS 23.003, 6.2.1). Codes that begin with 00 are
// those of test equipment (GSMA TS.06): no device that is sold has one, so a simulated device is never taken for a real one. The other
// twelve digits are drawn.
const (
	imeiLength  = 15
	testPrefix  = "00"
	drawnDigits = imeiLength - len(testPrefix) - 1
)

// keptIMEI gives the IMEI in the folder and makes one on first use. One that was changed by hand to something else is an error: a new one in
// its place would make the device a stranger to its cloud.
func keptIMEI(folder *durable.Folder, random io.Reader) (string, error) {
	content, err := folder.Read(imeiFile)
	if err == nil {
		imei := string(content)
		if n := len(imei); n > 0 && imei[n-1] == '\n' {
			imei = imei[:n-1]
		}
		if err := checkIMEI(imei); err != nil {
			return "", errorf("simulated modem: %s: %w: write a valid one into it, or delete the file to become a new device", folder.Path(imeiFile), err)
		}
		return imei, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", errorf("simulated modem: read the IMEI: %w", err)
	}
	imei, err := drawIMEI(random)
	if err != nil {
		return "", errorf("simulated modem: make an IMEI: %w", err)
	}
	if err := folder.Write(imeiFile, []byte(imei+"\n")); err != nil {
		return "", errorf("simulated modem: keep the IMEI: %w", err)
	}
	return imei, nil
}

func drawIMEI(random io.Reader) (string, error) {
	digits := []byte(testPrefix)
	for len(digits) < len(testPrefix)+drawnDigits {
		var drawn [1]byte
		if _, err := io.ReadFull(random, drawn[:]); err != nil {
			return "", err
		}
		if drawn[0] < 250 { // so that each digit is as likely as any other
			digits = append(digits, '0'+drawn[0]%10)
		}
	}
	return string(append(digits, modem.IMEICheckDigit(string(digits)))), nil
}

func checkIMEI(imei string) error {
	if len(imei) != imeiLength {
		return errorf("an IMEI has %d digits, this has %d characters", imeiLength, len(imei))
	}
	for i := range len(imei) {
		if imei[i] < '0' || imei[i] > '9' {
			return errorf("an IMEI has only digits, character %d is %q", i+1, imei[i])
		}
	}
	if want := modem.IMEICheckDigit(imei[:imeiLength-1]); imei[imeiLength-1] != want {
		return errorf("the check digit of IMEI %s is %c, it must be %c", imei, imei[imeiLength-1], want)
	}
	return nil
}
