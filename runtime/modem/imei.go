package modem

// IMEICheckDigit gives the last digit of an IMEI from those before it, which must be decimal. It is Luhn's: from the right every other digit is
// doubled, the digits of the products are added to the rest, and the check digit fills the sum up to a multiple of ten (3GPP TS 23.003, annex B;
// ISO/IEC 7812-1, annex B).
func IMEICheckDigit(digits string) byte {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return byte('0' + (10-sum%10)%10)
}
