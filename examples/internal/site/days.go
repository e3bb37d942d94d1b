package site

import (
	"errors"
	"strconv"
	"time"
)

const (
	day = 24 * time.Hour
	// maxDays bounds what is written in days: a hundred years.
	maxDays = 36500
)

// days is a time as a flag, in days.
type days struct {
	to *time.Duration
	// none is what 0 days are kept as.
	none time.Duration
}

// String returns what Set takes.
func (d days) String() string {
	if d.to == nil || *d.to <= 0 {
		return "0"
	}
	return strconv.Itoa(int(*d.to / day))
}

// Type is what the flag holds.
func (d days) Type() string { return "days" }

// Set takes a number of days.
func (d days) Set(text string) error {
	number, err := strconv.Atoi(text)
	if err != nil || number < 0 || number > maxDays {
		return errors.New("write a number of days, 0 to 36500")
	}
	if *d.to = time.Duration(number) * day; number == 0 {
		*d.to = d.none
	}
	return nil
}

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
