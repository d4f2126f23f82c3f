package image

import "crypto/sha256"

// Signature is a signature as the plain area holds it.
type Signature struct {
	Type    Type
	KeyHash [32]byte // SHA-256 of the DER form of the public key
	Value   []byte
}

// seal is what the plain area holds: the digest and what is signed over it.
type seal struct {
	digest     []byte
	signatures []Signature
}

// parseSeal reads what the plain area holds. Nothing covers this area: what does not belong to a signature is refused in it.
func parseSeal(plain []TLV) (seal, error) {
	var found seal
	var key *[32]byte // that the next signature is made with
	for _, each := range plain {
		switch each.Type {
		case TypeSHA256:
			if len(each.Value) != sha256.Size || found.digest != nil {
				return seal{}, refuse(Malformed, "its SHA-256 is not one of 32 bytes")
			}
			found.digest = each.Value
		case TypeKeyHash:
			if len(each.Value) != sha256.Size {
				return seal{}, refuse(Malformed, "the hash of its key has ", number(uint64(len(each.Value))), " bytes, not 32")
			}
			hash := [32]byte(each.Value)
			key = &hash
		case TypePublicKey:
			hash := sha256.Sum256(each.Value)
			key = &hash
		case TypeRSA2048, TypeECDSA, TypeRSA3072, TypeEd25519:
			if key == nil {
				return seal{}, refuse(Malformed, "no key is named before its signature")
			}
			found.signatures = append(found.signatures, Signature{Type: each.Type, KeyHash: *key, Value: each.Value})
			key = nil
		case TypePure:
			return seal{}, refuse(Unsupported, "its signature is over the whole image; sign its digest: imgtool without --pure")
		case TypeSHA384, TypeSHA512:
			return seal{}, refuse(Unsupported, "its digest is not SHA-256; sign it with SHA-256")
		case 0x30, 0x31, 0x32, 0x33, 0x34:
			return seal{}, refuse(Unsupported, "it is encrypted; sign it without encryption")
		default:
			return seal{}, refuse(Malformed, "TLV ", hex(uint64(each.Type)), " has no place in the plain area, which no signature covers")
		}
	}
	if found.digest == nil {
		return seal{}, refuse(Malformed, "it has no SHA-256")
	}
	return found, nil
}
