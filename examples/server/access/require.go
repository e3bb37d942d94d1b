package access

import (
	"context"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// Administrator returns the administrator who is logged in, with the rights of now,
// or nil. It is read once per request, and not to be changed.
func (m *Manager) Administrator(ctx context.Context) *ampusers.Administrator {
	return stateFromContext(ctx).administrator()
}

// Require returns the administrator who is logged in and may use the section,
// "" being what every administrator may use. [ErrLoginRequired] when nobody is
// logged in, a [store.ForbiddenError], which is kept in the audit trail, when
// the section is outside. To only ask what to show, ask Can of the visitor.
func (m *Manager) Require(ctx context.Context, section string) (*ampusers.Administrator, error) {
	a := m.Administrator(ctx)
	switch {
	case a == nil:
		return nil, ErrLoginRequired
	case section == "" || a.Can(section):
		return a, nil
	}
	err := &store.ForbiddenError{
		Reason: "you may not use " + m.sectionName(section) + "; an administrator who may do everything can give it to you",
	}
	m.site.AuditLog.RecordFailure(ctx, audit.Event{Action: "access", Kind: "section", Key: section}, err)
	return nil, err
}

// sectionName returns what people call a section.
func (m *Manager) sectionName(id string) string {
	for _, section := range m.site.Administrators.Sections() {
		if section.ID == id {
			return "the section " + section.Name
		}
	}
	return "this section"
}
