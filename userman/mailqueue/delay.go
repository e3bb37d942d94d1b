package mailqueue

import "time"

const (
	// retryPeriod is the time from the first attempt in which a mail is tried again.
	retryPeriod = 24 * time.Hour
	// maxDelay is the longest time to the next attempt.
	maxDelay = time.Hour
)

// Delay returns the time from an attempt to the next one, after so many attempts: 1, 5,
// 15 and 60 minutes, and then an hour each. There is no attempt later than a day after
// the first one.
func Delay(attempts int) time.Duration {
	switch attempts {
	case 0, 1:
		return time.Minute
	case 2:
		return 5 * time.Minute
	case 3:
		return 15 * time.Minute
	default:
		return maxDelay
	}
}
