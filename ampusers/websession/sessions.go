package websession

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// Keys of what [Manager.Sessions] lists of a session.
const (
	keyStartedAt  = "access.started_at"
	keyUserAgent  = "access.user_agent"
	keyRemoteAddr = "access.remote_addr"
)

// maxUserAgent is the stored length of a User-Agent, in bytes.
const maxUserAgent = 256

// Session is a login that has not ended.
type Session struct {
	// ID identifies the session. It is the hash of its token, with which nobody can log in.
	ID string
	// UserAgent is the header of that name at the login: any text of the client, cut to
	// 256 bytes.
	UserAgent string
	// RemoteAddr and LastSeenAt are those of a request of the last minute of use.
	RemoteAddr            netip.Addr
	StartedAt, LastSeenAt time.Time
	// Current says that the request belongs to this session.
	Current bool
}

// Sessions returns the sessions of the administrator who is logged in: the current one,
// then the others, with the last use first. It returns [ErrLoginRequired] when nobody is
// logged in.
func (m *Manager) Sessions(ctx context.Context) ([]Session, error) {
	a := m.Administrator(ctx)
	if a == nil {
		return nil, ErrLoginRequired
	}
	stored, err := m.ttl.List(ctx, sessionKind, m.clock())
	if err != nil {
		return nil, err
	}
	sessions, current := []Session{}, stateFromContext(ctx).foundHash
	for id, value := range stored {
		s, err := m.sessionOf(a, value)
		if err != nil {
			return nil, err
		}
		if s != nil {
			s.ID, s.Current = id, id == current
			sessions = append(sessions, *s)
		}
	}
	slices.SortFunc(sessions, func(s, other Session) int {
		if s.Current != other.Current && s.Current {
			return -1
		}
		if s.Current != other.Current {
			return 1
		}
		return cmp.Or(other.LastSeenAt.Compare(s.LastSeenAt), other.StartedAt.Compare(s.StartedAt), strings.Compare(s.ID, other.ID))
	})
	return sessions, nil
}

// sessionOf reads a stored session. It returns nil if it is not one of this administrator.
func (m *Manager) sessionOf(a *ampusers.Administrator, value []byte) (*Session, error) {
	_, values, err := m.SCS.Codec.Decode(value)
	if err != nil {
		return nil, err
	}
	if values[keyUsername] != a.Username || values[keyEpoch] != a.SessionEpoch {
		return nil, nil
	}
	s := &Session{StartedAt: unixTime(values[keyStartedAt]), LastSeenAt: unixTime(values[keyLastSeen])}
	s.UserAgent, _ = values[keyUserAgent].(string)
	if text, _ := values[keyRemoteAddr].(string); text != "" {
		s.RemoteAddr, err = netip.ParseAddr(text)
	}
	return s, err
}

// unixTime returns the time of a value of a session, zero without one.
func unixTime(value any) time.Time {
	if seconds, ok := value.(int64); ok {
		return time.Unix(seconds, 0).UTC()
	}
	return time.Time{}
}

// EndSession ends a session of the administrator who is logged in: its next request is not
// logged in. The audit log records it; it must be in the database of the sessions. EndSession
// returns a [store.NotFoundError] if the administrator has no such session, and
// [ErrLoginRequired] when nobody is logged in.
func (m *Manager) EndSession(ctx context.Context, id string) error {
	a := m.Administrator(ctx)
	if a == nil {
		return ErrLoginRequired
	}
	event := audit.Event{Action: "end session", Kind: "administrator", Key: a.Username}
	return m.audit.Do(ctx, m.ttl, event, func(ctx context.Context, r *audit.Recorder) error {
		sessions, err := m.Sessions(ctx)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(sessions, func(s Session) bool { return s.ID == id }) {
			return &store.NotFoundError{Kind: "session"}
		}
		if err := m.ttl.Delete(ctx, sessionKind, id); err != nil {
			return err
		}
		return r.Record(ctx, event)
	})
}

// EndOtherSessions ends all sessions of the administrator who is logged in, except the
// current one. It returns [ErrLoginRequired] when nobody is logged in.
func (m *Manager) EndOtherSessions(ctx context.Context) error {
	a := m.Administrator(ctx)
	if a == nil {
		return ErrLoginRequired
	}
	a, err := m.administrators.EndOtherSessions(ctx, a.Username)
	if err != nil {
		return err
	}
	return m.Refresh(ctx, a)
}
