package app

import (
	"errors"
	"strconv"
)

// ratioFlag is a ratio as a flag.
type ratioFlag float64

// String returns what Set takes.
func (s *ratioFlag) String() string { return strconv.FormatFloat(float64(*s), 'f', -1, 64) }

// Type names the value in the help.
func (s *ratioFlag) Type() string { return "ratio" }

// Set takes a number above 0, up to 1.
func (s *ratioFlag) Set(text string) error {
	number, err := strconv.ParseFloat(text, 64)
	if err != nil || !isRatio(number) {
		return errors.New("write a ratio above 0 and up to 1, such as 0.1")
	}
	*s = ratioFlag(number)
	return nil
}

func isRatio(number float64) bool { return number > 0 && number <= 1 }
