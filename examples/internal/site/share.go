package site

import (
	"errors"
	"strconv"
)

// share is a part of the whole as a flag.
type share float64

// String returns what Set takes.
func (s *share) String() string { return strconv.FormatFloat(float64(*s), 'f', -1, 64) }

// Type is what the flag holds.
func (s *share) Type() string { return "share" }

// Set takes a number above 0, up to 1.
func (s *share) Set(text string) error {
	number, err := strconv.ParseFloat(text, 64)
	if err != nil || !isShare(number) {
		return errors.New("write a share above 0 and up to 1, such as 0.1")
	}
	*s = share(number)
	return nil
}

func isShare(number float64) bool { return number > 0 && number <= 1 }
