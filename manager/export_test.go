package manager

// AcceptsRegex reports whether a filter may hold the expression.
func AcceptsRegex(expression string) bool {
	f := EventFilter{Action: Include, Method: MatchRegex, Match: expression}
	return f.validate() == nil
}

// AuditState returns what the audit trail takes the fingerprint of.
func AuditState(a *Account) ([]byte, error) { return auditState(a) }
