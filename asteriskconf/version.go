package asteriskconf

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
)

// Version is a version of Asterisk. The zero value means unknown.
type Version struct {
	Major, Minor, Patch int
}

var versionPattern = regexp.MustCompile(`(\d+)\.(\d+)(?:\.(\d+))?`)

// ParseVersion finds the version in a text such as "22.10.1+dfsg" or "Asterisk
// certified/18.9-cert4". It reports whether there is one.
func ParseVersion(text string) (Version, bool) {
	m := versionPattern.FindStringSubmatch(text)
	if m == nil {
		return Version{}, false
	}
	var n [3]int
	for i, digits := range m[1:] {
		if digits == "" {
			continue
		}
		value, err := strconv.Atoi(digits)
		if err != nil {
			return Version{}, false
		}
		n[i] = value
	}
	return Version{Major: n[0], Minor: n[1], Patch: n[2]}, true
}

// IsZero reports whether the version is unknown.
func (v Version) IsZero() bool { return v == Version{} }

// Compare returns -1, 0 or 1 if v is before, equal to or after w.
func (v Version) Compare(w Version) int {
	return cmp.Or(cmp.Compare(v.Major, w.Major), cmp.Compare(v.Minor, w.Minor), cmp.Compare(v.Patch, w.Patch))
}

// String returns "22.10.1", or "unknown".
func (v Version) String() string {
	if v.IsZero() {
		return "unknown"
	}
	return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch)
}
