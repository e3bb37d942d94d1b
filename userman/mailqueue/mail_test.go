package mailqueue_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/testclock"
	"github.com/pbxusers/pbxusers/userman/mailqueue"
)

const lease = 10 * time.Minute

// attempt begins an attempt and ends it at once.
func attempt(m *mailqueue.Mail, status mailqueue.Status, now time.Time) {
	m.Begin(now, lease)
	m.Finish(status, "451 try later", now)
}

func TestDelay_followsSchedule(t *testing.T) {
	t.Parallel()
	c := testclock.New()
	m := &mailqueue.Mail{}
	var waits []time.Duration
	for {
		attempt(m, mailqueue.Deferred, c.Now())
		if m.Status != mailqueue.Deferred {
			break
		}
		wait := m.NextAttemptAt.Sub(c.Now())
		require.False(t, m.Due(c.Now().Add(wait-1)))
		require.True(t, m.Due(c.Now().Add(wait)))
		waits = append(waits, wait)
		c.Advance(wait)
	}
	require.Equal(t, []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}, waits[:4])
	for _, wait := range waits[4:] {
		require.Equal(t, time.Hour, wait)
	}
	last := c.Now().Sub(m.FirstAttemptAt)
	require.LessOrEqual(t, last, 24*time.Hour)
	require.Greater(t, last, 23*time.Hour)
	require.Equal(t, len(waits)+1, m.Attempts)
	require.Equal(t, mailqueue.Failed, m.Status)
	require.Contains(t, m.Message, "451 try later; there are no further attempts")
	require.False(t, m.Waiting())
	require.False(t, m.Due(c.Now().Add(time.Hour)))
}

func TestMail_Begin_holdsLease(t *testing.T) {
	t.Parallel()
	now := testclock.New().Now()
	m := &mailqueue.Mail{}
	m.Begin(now, lease)
	require.Equal(t, mailqueue.Sending, m.Status)
	require.Equal(t, 1, m.Attempts)
	require.Equal(t, now, m.FirstAttemptAt)
	require.True(t, m.InProgress(now.Add(lease-1)))
	require.False(t, m.Due(now.Add(lease-1)))
	require.False(t, m.InProgress(now.Add(lease)))
	require.True(t, m.Due(now.Add(lease)), "its process was killed")
	m.Begin(now.Add(lease), lease)
	require.Equal(t, 2, m.Attempts)
	require.Equal(t, now, m.FirstAttemptAt)
}

func TestMail_Finish_endsAttempts(t *testing.T) {
	t.Parallel()
	now := testclock.New().Now()
	for _, status := range []mailqueue.Status{mailqueue.Sent, mailqueue.Rejected, mailqueue.Failed} {
		m := &mailqueue.Mail{}
		attempt(m, status, now)
		require.Equal(t, status, m.Status)
		require.Equal(t, "451 try later", m.Message)
		require.False(t, m.Waiting())
		require.False(t, m.Due(now.Add(time.Hour)))
	}
}

func TestMail_Finish_lateAttemptIsTheLast(t *testing.T) {
	t.Parallel()
	now := testclock.New().Now()
	m := &mailqueue.Mail{}
	attempt(m, mailqueue.Deferred, now)
	later := now.Add(72 * time.Hour) // no program ran
	require.True(t, m.Due(later))
	attempt(m, mailqueue.Deferred, later)
	require.Equal(t, mailqueue.Failed, m.Status)
}

func TestMail_Finish_countsFromFirstAttempt(t *testing.T) {
	t.Parallel()
	now := testclock.New().Now()
	m := &mailqueue.Mail{RequestedAt: now}
	m.Finish(mailqueue.Deferred, "the mail waits", now) // queued without an attempt
	require.Equal(t, now.Add(time.Minute), m.NextAttemptAt)
	require.True(t, m.FirstAttemptAt.IsZero())
	attempt(m, mailqueue.Deferred, now.Add(72*time.Hour))
	require.Equal(t, mailqueue.Deferred, m.Status)
}

func TestMail_Due_toleratesClockSetBack(t *testing.T) {
	t.Parallel()
	now := testclock.New().Now()
	m := &mailqueue.Mail{}
	m.Begin(now, lease)
	yearAgo := now.Add(-365 * 24 * time.Hour)
	require.True(t, m.Due(yearAgo))
	require.False(t, m.InProgress(yearAgo))
}
