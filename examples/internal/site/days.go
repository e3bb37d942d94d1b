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
