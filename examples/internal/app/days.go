package app

import (
	"errors"
	"strconv"
	"time"
)

const (
	day = 24 * time.Hour
	// maxDays is a hundred years.
	maxDays = 36500
)

// daysFlag is a duration in days as a flag.
type daysFlag struct {
	target *time.Duration
	// zeroValue is the duration that 0 days stand for.
	zeroValue time.Duration
}

// String returns what Set takes.
func (d daysFlag) String() string {
	if d.target == nil || *d.target <= 0 {
		return "0"
	}
	return strconv.Itoa(int(*d.target / day))
}

// Type names the value in the help.
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
