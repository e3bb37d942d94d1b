package manager

// AcceptsRegex reports whether a filter may hold the expression.
func AcceptsRegex(expression string) bool {
	f := EventFilter{Action: Include, Method: MatchRegex, Match: expression}
	return f.check() == nil
}

// Sealed returns what the audit trail takes the fingerprint of.
func Sealed(u *User) ([]byte, error) { return sealed(u) }
