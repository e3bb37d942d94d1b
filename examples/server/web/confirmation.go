package web

// confirmation asks before an action that cannot be undone, or needs a value.
type confirmation struct {
	Title    string
	Problems []problem
	// Consequences say what happens, one sentence each.
	Consequences []string
	Action, Yes  string
	// UserID is the ID of the user that it is about; empty for other records.
	UserID string
	// Danger marks an action that cannot be undone.
	Danger bool
	// Field asks for a value; it has no name when none is needed. Username tells
	// a password manager whose password it is.
	Field    formField
	Username string
	// Back is the page to return to.
	Back string
}

// response returns the page that asks, with the errors of an earlier attempt.
func (c confirmation) response(errs formErrors) response {
	var labels map[string]string
	if c.Field.Name != "" {
		labels = map[string]string{c.Field.Name: c.Field.Label}
	}
	c.Problems, c.Field.Errors = errs.summary(labels), errs.forField(c.Field.Name)
	return formPage(errs, "confirmation", c.Title, c)
}
