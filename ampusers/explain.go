package ampusers

import "slices"

// ResourceKind is what [Administrator.Explain] is asked about.
type ResourceKind string

// The subjects.
const (
	ResourceSection   ResourceKind = "section"
	ResourceExtension ResourceKind = "extension"
	ResourceDID       ResourceKind = "did"
	ResourceTeam      ResourceKind = "team"
)

// Explanation says whether something is allowed, and why.
type Explanation struct {
	Allowed bool `json:"allowed"`
	// Code is a short, stable word for programs: "full", "listed",
	// "not_listed", "unrestricted" or "disabled".
	Code string `json:"code"`
	// Reason is one sentence for people.
	Reason string `json:"reason"`
}

// Explain says whether the administrator may see and change something, and
// why. It always agrees with the Can methods. Of a subject that there is not,
// nothing is listed.
func (a *Administrator) Explain(resource ResourceKind, key string) Explanation {
	switch {
	case a.Disabled:
		return Explanation{false, "disabled", "The administrator is disabled, and may do nothing."}
	case a.Access == Full:
		return Explanation{true, "full", "The administrator has full access."}
	}
	name, unrestricted, listed := a.resourceAccess(resource, key)
	switch {
	case unrestricted:
		return Explanation{true, "unrestricted", "The administrator is not restricted to certain " + name + "s."}
	case listed:
		return Explanation{true, "listed", "The administrator has limited access, and this " + name + " is listed."}
	}
	return Explanation{false, "not_listed", "The administrator has limited access, and this " + name + " is not listed."}
}

// resourceAccess returns what the subject is called, whether there is no list, which
// stands for all, and whether key is on the list.
func (a *Administrator) resourceAccess(resource ResourceKind, key string) (name string, unrestricted, listed bool) {
	switch resource {
	case ResourceSection:
		return "section", false, slices.Contains(a.Sections, key)
	case ResourceExtension:
		return "extension", a.Extensions.IsUnrestricted(), a.Extensions.Contains(key)
	case ResourceDID:
		return "DID", a.DIDs.IsUnrestricted(), a.DIDs.Contains(key)
	case ResourceTeam:
		return "team", len(a.Teams) == 0, a.hasTeam(key)
	}
	return "subject", false, false
}
