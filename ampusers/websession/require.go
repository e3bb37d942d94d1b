package websession

import (
	"context"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// Administrator returns the administrator who is logged in, with current rights,
// or nil. It is read once per request. The caller must not change it.
func (m *Manager) Administrator(ctx context.Context) *ampusers.Administrator {
	return stateFromContext(ctx).admin.Load()
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
	case section == "" || a.Can(section):
		return a, nil
	}
	err := &store.ForbiddenError{Reason: "you have no access to " + m.sectionName(section) + "; ask a full administrator"}
	m.audit.RecordFailure(ctx, audit.Event{Action: "access", Kind: "section", Key: section}, err)
	return nil, err
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
