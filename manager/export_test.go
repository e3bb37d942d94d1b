package manager

// AcceptsRegex reports whether a filter accepts the expression.
func AcceptsRegex(expression string) bool {
	f := EventFilter{Action: Include, Method: MatchRegex, Match: expression}
	return f.validate() == nil
}

// AuditState returns the state that the audit log hashes.
func AuditState(a *Account) ([]byte, error) { return auditState(a) }
