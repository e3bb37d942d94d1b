package asteriskconf

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
)

// The banner on top of each file that we own. Its last line holds a hash of
// all that follows, so that a change by hand is noticed.
const (
	bannerText = "; This file is written by pbxusers, whole, at every apply. Do not edit it:\n" +
		"; an edited copy is set aside and replaced.\n"
	bannerHash = "; sha256 "
)

// prependBanner puts the banner in front of body.
func prependBanner(body []byte) []byte {
	sum := sha256.Sum256(body)
	out := make([]byte, 0, len(bannerText)+len(bannerHash)+2*sha256.Size+2+len(body))
	out = append(out, bannerText...)
	out = append(out, bannerHash...)
	out = hex.AppendEncode(out, sum[:])
	out = append(out, '\n')
	return append(out, body...)
}

// isManuallyEdited reports whether content is not what an apply wrote: the banner
// is gone, or its hash does not fit the rest.
func isManuallyEdited(content []byte) bool {
	rest, ok := bytes.CutPrefix(content, []byte(bannerText+bannerHash))
	if !ok {
		return true
	}
	wantSum, body, ok := bytes.Cut(rest, []byte("\n"))
	if !ok {
		return true
	}
	sum := sha256.Sum256(body)
	return string(wantSum) != hex.EncodeToString(sum[:])
}
