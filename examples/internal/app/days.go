package app

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

// daysFlag is a time as a flag, in days.
type daysFlag struct {
	target *time.Duration
	// zeroValue is what 0 days are kept as.
	zeroValue time.Duration
}

// String returns what Set takes.
func (d daysFlag) String() string {
	if d.target == nil || *d.target <= 0 {
		return "0"
	}
	return strconv.Itoa(int(*d.target / day))
}

// Type is what the flag holds.
func (d daysFlag) Type() string { return "days" }

// Set takes a number of days.
func (d daysFlag) Set(text string) error {
	number, err := strconv.Atoi(text)
	if err != nil || number < 0 || number > maxDays {
		return errors.New("write a number of days, 0 to 36500")
	}
	if *d.target = time.Duration(number) * day; number == 0 {
		*d.target = d.zeroValue
	}
	return nil
}
