package websession

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// Administrator returns the administrator who is logged in, with current rights,
// or nil. It is read once per request. The caller must not change it.
func (m *Manager) Administrator(ctx context.Context) *ampusers.Administrator {
	return stateFromContext(ctx).admin.Load()
}

// Rights returns a text that identifies the administrator who is logged in and their
// rights, "" when nobody is logged in. It changes when the rights change or the sessions
// end, and differs for a later administrator of the same name. It separates the saved
// responses to requests that may be repeated, see package idempotency.
func (m *Manager) Rights(ctx context.Context) string {
	a := m.Administrator(ctx)
	if a == nil {
		return ""
	}
	return fmt.Sprint(a.Username, a.CreatedAt.UnixMicro(), a.SessionEpoch, a.Access, a.Sections, a.Extensions, a.DIDs, a.Teams)
}

// Require returns the administrator who is logged in if they can use the section;
// all administrators can use "". It returns [ErrLoginRequired] when nobody is
// logged in, and a [store.ForbiddenError], which the audit log records, when they
// cannot use the section. To decide what a page shows, use
// [ampusers.Administrator.Can].
func (m *Manager) Require(ctx context.Context, section string) (*ampusers.Administrator, error) {
	a := m.Administrator(ctx)
	switch {
	case a == nil:
		return nil, ErrLoginRequired
	case section == "":
		return a, nil
	case a.Can(section):
		stateFromContext(ctx).sections.Store(section, true)
		return a, nil
	}
	err := m.noAccessError(section)
	m.audit.RecordFailure(ctx, audit.Event{Action: "access", Kind: "section", Key: section}, err)
	return nil, err
}

// requireCurrent is the precondition of the changes of a request, see
// [audit.WithPrecondition]. A request takes time, such as for its body: it returns a
// [store.ForbiddenError] if the session of the administrator has ended since, or if the
// administrator lost access to a section that [Manager.Require] returned.
func (m *Manager) requireCurrent(ctx context.Context) error {
	v := stateFromContext(ctx)
	a := v.admin.Load()
	if a == nil {
		return nil
	}
	current, err := m.administrators.Session(ctx, a.Username, a.SessionEpoch)
	if errors.Is(err, store.ErrNotFound) {
		return errSessionEnded()
	}
	if err == nil {
		err = m.requireSession(ctx, v)
	}
	if err != nil {
		return err
	}
	v.sections.Range(func(section, _ any) bool {
		if id, _ := section.(string); !current.Can(id) {
			err = m.noAccessError(id)
		}
		return err == nil
	})
	return err
}

// requireSession returns an error if the session of the request was ended since.
func (m *Manager) requireSession(ctx context.Context, v *requestState) error {
	if v.foundHash == "" {
		return nil
	}
	// A session that expires during its last request may finish it.
	_, err := m.ttl.Get(ctx, sessionKind, v.foundHash, time.Time{})
	if errors.Is(err, store.ErrNotFound) {
		return errSessionEnded()
	}
	return err
}

func errSessionEnded() error {
	return &store.ForbiddenError{Reason: "your session has ended; log in again"}
}

func (m *Manager) noAccessError(section string) error {
	return &store.ForbiddenError{Reason: "you have no access to " + m.sectionName(section) + "; ask a full administrator"}
}

// sectionName returns the name of a section for messages.
func (m *Manager) sectionName(id string) string {
	for _, section := range m.administrators.Sections() {
		if section.ID == id {
			return "the section " + section.Name
		}
	}
	return "this section"
}
