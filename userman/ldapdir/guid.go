package ldapdir

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// objectGUID is the attribute of Active Directory whose value is binary.
const objectGUID = "objectGUID"

// guidLength is the length of its value in bytes.
const guidLength = 16

// guidText returns the text of a GUID of Active Directory, whose first three groups
// have their bytes in reverse order ([MS-DTYP], 2.3.4).
func guidText(value []byte) (string, bool) {
	if len(value) != guidLength {
		return "", false
	}
	g := swapGUIDBytes(value)
	return fmt.Sprintf("%x-%x-%x-%x-%x", g[0:4], g[4:6], g[6:8], g[8:10], g[10:16]), true
}

// guidFilter returns the value of a GUID for a filter, each byte escaped
// (RFC 4515, 3).
func guidFilter(text string) (string, bool) {
	value, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(value) != guidLength {
		return "", false
	}
	if roundTrip, _ := guidText(swapGUIDBytes(value)); roundTrip != text {
		return "", false
	}
	var escaped strings.Builder
	for _, b := range swapGUIDBytes(value) {
		fmt.Fprintf(&escaped, `\%02x`, b)
	}
	return escaped.String(), true
}

// swapGUIDBytes converts between the stored and the displayed order of bytes.
func swapGUIDBytes(v []byte) []byte {
	return []byte{v[3], v[2], v[1], v[0], v[5], v[4], v[7], v[6], v[8], v[9], v[10], v[11], v[12], v[13], v[14], v[15]}
}
