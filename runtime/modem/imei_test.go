package modem

import "testing"

func TestIMEICheckDigit(t *testing.T) {
	// 49015420323751-8 is the example of 3GPP TS 23.003, annex B; 7992739871-3 is the usual one of Luhn's formula.
	for digits, want := range map[string]byte{"49015420323751": '8', "7992739871": '3', "00000000000000": '0', "": '0'} {
		if got := IMEICheckDigit(digits); got != want {
			t.Errorf("%s: %c, want %c", digits, got, want)
		}
	}
}

func TestNames(t *testing.T) {
	for got, want := range map[string]string{
		EventInitialized.String(): "MODEM_EVT_INITIALIZED", EventError.String(): "MODEM_EVT_ERROR", EventType(-1).String(): "MODEM_EVT(?)",
		UpdateDelta.String(): "delta", UpdateFull.String(): "full", UpdateKind(9).String(): "kind ?",
		UpdateNone.String(): "none", UpdateBroken.String(): "broken", UpdateOutcome(-1).String(): "?",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
