package ampusers

import "slices"

// Subject is what [Administrator.Explain] is asked about.
type Subject string

// The subjects.
const (
	SubjectSection   Subject = "section"
	SubjectExtension Subject = "extension"
	SubjectDID       Subject = "did"
	SubjectTeam      Subject = "team"
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
func (a *Administrator) Explain(subject Subject, key string) Explanation {
	switch {
	case a.Disabled:
		return Explanation{false, "disabled", "The administrator is disabled, and may do nothing."}
	case a.Access == Full:
		return Explanation{true, "full", "The administrator has full access."}
	}
	name, blank, listed := a.listing(subject, key)
	switch {
	case blank:
		return Explanation{true, "unrestricted", "The administrator is not restricted to certain " + name + "s."}
	case listed:
		return Explanation{true, "listed", "The administrator has limited access, and this " + name + " is listed."}
	}
	return Explanation{false, "not_listed", "The administrator has limited access, and this " + name + " is not listed."}
}

// listing returns what the subject is called, whether there is no list, which
// stands for all, and whether key is on the list.
func (a *Administrator) listing(subject Subject, key string) (name string, blank, listed bool) {
	switch subject {
	case SubjectSection:
		return "section", false, slices.Contains(a.Sections, key)
	case SubjectExtension:
		return "extension", a.Extensions.IsBlank(), a.Extensions.Contains(key)
	case SubjectDID:
		return "DID", a.DIDs.IsBlank(), a.DIDs.Contains(key)
	case SubjectTeam:
		return "team", len(a.Teams) == 0, a.listsTeam(key)
	}
	return "subject", false, false
}
