package ampusers

import (
	"slices"

	"github.com/pbxusers/pbxusers/store/scope"
)

// Can reports whether the administrator can use a section.
func (a *Administrator) Can(section string) bool {
	return !a.Disabled && (a.Access == Full || slices.Contains(a.Sections, section))
}

// Allows reports whether the administrator can use a section for an extension of
// the default team. For another team, combine [Administrator.Can] with the
// [Administrator.Scope] of that team.
func (a *Administrator) Allows(section, extension string) bool {
	return a.Can(section) && a.Scope("").HasExtension(extension)
}

// CanExtension reports whether the administrator can see and change the records of
// an extension.
func (a *Administrator) CanExtension(number string) bool { return a.scope().HasExtension(number) }

// CanDID reports whether the administrator can see and change the records of a DID.
func (a *Administrator) CanDID(number string) bool { return a.scope().HasDID(number) }

// Scope returns the extensions and DIDs of a team that the administrator can see
// and change. "" is the default team.
func (a *Administrator) Scope(team string) scope.Scope {
	if !a.CanTeam(team) {
		return scope.Scope{}
	}
	return a.scope()
}

// scope is [Administrator.Scope] without the restriction to teams.
func (a *Administrator) scope() scope.Scope {
	switch {
	case a.Disabled:
		return scope.Scope{}
	case a.Access == Full:
		return scope.All()
	}
	return scope.Limited(a.Extensions, a.DIDs)
}

// CanTeam reports whether the administrator can see and change a team. "" is the
// default team.
func (a *Administrator) CanTeam(team string) bool {
	return !a.Disabled && (a.Access == Full || len(a.Teams) == 0 || a.hasTeam(team))
}

// hasTeam uses the order of Teams, because there can be many.
func (a *Administrator) hasTeam(team string) bool {
	_, found := slices.BinarySearch(a.Teams, team)
	return found
}

// Covers reports whether a has all rights of other. Only then can a create, change
// or delete other. It ignores whether other is disabled, because other could be
// enabled again. A disabled a covers nobody.
func (a *Administrator) Covers(other *Administrator) bool {
	switch {
	case a.Disabled:
		return false
	case a.Access == Full:
		return true
	case other.Access == Full:
		return false
	}
	for _, section := range other.Sections {
		if !slices.Contains(a.Sections, section) {
			return false
		}
	}
	return a.scope().Covers(scope.Limited(other.Extensions, other.DIDs)) && a.coversTeams(other)
}

func (a *Administrator) coversTeams(other *Administrator) bool {
	if len(a.Teams) == 0 || len(other.Teams) == 0 {
		return len(a.Teams) == 0
	}
	return !slices.ContainsFunc(other.Teams, func(team string) bool { return !a.hasTeam(team) })
}
