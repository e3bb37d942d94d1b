package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"strings"
)

// Hash is the hash of an entry, 32 bytes. Its text and its JSON are hexadecimal.
type Hash []byte

// String returns h in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h) }

// MarshalText returns h in hexadecimal.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads hexadecimal.
func (h *Hash) UnmarshalText(text []byte) error {
	decoded, err := hex.DecodeString(string(text))
	if err != nil {
		return err
	}
	*h = decoded
	return nil
}

// chainHash returns the hash of e after an entry with the hash previous. Each field
// is preceded by its length, so that different entries are never encoded alike.
func (e *Entry) chainHash(previous Hash) Hash {
	h := sha256.New()
	for _, field := range [][]byte{
		[]byte("pbxusers_audit 1"), previous,
		encodeInt(e.Sequence), encodeInt(e.Time.UnixMicro()),
		[]byte(e.Actor.Kind), []byte(e.Actor.Name), []byte(e.Actor.RemoteAddr.String()), []byte(e.Actor.Service),
		[]byte(e.Action), []byte(e.Kind), []byte(e.Key), []byte(e.Outcome), []byte(e.Reason),
		e.Before, e.After, e.Fingerprint,
	} {
		writeField(h, field)
	}
	if len(e.Extensions) > 0 { // entries of earlier versions keep their hash
		writeField(h, []byte(strings.Join(e.Extensions, "\n")))
	}
	return h.Sum(nil)
}

func writeField(h hash.Hash, field []byte) {
	_, _ = h.Write(encodeInt(int64(len(field))))
	_, _ = h.Write(field)
}

func encodeInt(n int64) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(n)) //nolint:gosec // the same bits, to be hashed
}
