package mailqueue

import (
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// Status is the state of a mail.
type Status string

// States of a mail. A mail waits for another attempt in the first two.
const (
	// Sending means that an attempt is running. If its process is killed, the mail is
	// due again at NextAttemptAt.
	Sending Status = "sending"
	// Deferred means that the next attempt is at NextAttemptAt.
	Deferred Status = "deferred"
	// Sent means that the mail server accepted the mail.
	Sent Status = "sent"
	// Rejected means that the mail server rejected the mail permanently.
	Rejected Status = "rejected"
	// Failed means that there is no further attempt for another reason.
	Failed Status = "failed"
)

// Mail is the last mail of a kind to a user.
type Mail struct {
	UserID store.UserID  `json:"-"`
	Kind   usermail.Kind `json:"kind"`
	Status Status        `json:"status"`
	// Message explains the status in one sentence, without parts of the mail.
	Message string `json:"message"`
	// Attempts counts the attempts, including a running one.
	Attempts int `json:"attempts"`
	// RequestedBy is the actor that requested the mail.
	RequestedBy Requester `json:"requested_by"`
	// The times are in UTC with microsecond precision. FirstAttemptAt is zero before
	// the first attempt. NextAttemptAt is zero unless the mail waits for another
	// attempt. UpdatedAt is the time of the status.
	RequestedAt    time.Time `json:"requested_at"`
	FirstAttemptAt time.Time `json:"first_attempt_at,omitzero"`
	NextAttemptAt  time.Time `json:"next_attempt_at,omitzero"`
	UpdatedAt      time.Time `json:"updated_at"`
}

// Requester is the actor that requested a mail, see [audit.Actor].
type Requester struct {
	Kind audit.ActorKind `json:"kind"`
	// Name is empty for a visitor.
	Name string `json:"name"`
}

// Waiting reports whether m waits for another attempt, or an attempt is running.
func (m *Mail) Waiting() bool { return !m.NextAttemptAt.IsZero() }

// InProgress reports whether an attempt is running at the time now.
func (m *Mail) InProgress(now time.Time) bool {
	return m.Status == Sending && m.Waiting() && !m.Due(now)
}

// Due reports whether the next attempt may begin at the time now. A time further in the
// future than any delay is due too: the clock was set back.
func (m *Mail) Due(now time.Time) bool {
	return m.Waiting() && (!m.NextAttemptAt.After(now) || m.NextAttemptAt.After(now.Add(maxDelay)))
}

// Begin begins an attempt, which must end within the lease. Then m is due again.
func (m *Mail) Begin(now time.Time, lease time.Duration) {
	if m.FirstAttemptAt.IsZero() {
		m.FirstAttemptAt = now
	}
	m.Attempts++
	m.Status, m.Message, m.NextAttemptAt, m.UpdatedAt = Sending, "the mail is being sent", now.Add(lease), now
}

// Finish ends an attempt. A deferred mail waits for the next attempt of the schedule,
// or has failed if that would be too late, see [Delay].
func (m *Mail) Finish(status Status, message string, now time.Time) {
	m.Status, m.Message, m.NextAttemptAt, m.UpdatedAt = status, message, time.Time{}, now
	if status != Deferred {
		return
	}
	next := now.Add(Delay(m.Attempts))
	if !m.FirstAttemptAt.IsZero() && next.After(m.FirstAttemptAt.Add(retryPeriod)) {
		m.Status, m.Message = Failed, message+"; there are no further attempts after a day"
		return
	}
	m.NextAttemptAt = next
}
