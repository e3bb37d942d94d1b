package ldapdir

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/pbxusers/pbxusers/userman"
)

const (
	// maxMemberships is the maximum number of members of all groups together, and
	// maxMembershipText the maximum size of the names of groups and members in
	// bytes.
	maxMemberships    = 1_000_000
	maxMembershipText = 256 << 20

	attributeName      = "cn"
	attributeMember    = "member"
	attributeUnique    = "uniqueMember"
	attributeMemberUID = "memberUid"
	attributeMemberOf  = "memberOf"
	attributeUID       = "uid"
)

// memberships holds the members of the groups. Active Directory splits long lists of
// members into ranges, which are not read; the memberOf attribute of the user is used
// there, and that of the group for a nested one.
type memberships struct {
	names []string
	// nested reports that nested groups count. Then parents are the DN of each group and
	// its memberOf, normalized.
	nested  bool
	parents [][]string
	// nameCounts counts the groups with a name.
	nameCounts map[string]int
	// groups finds a group by its DN, and dns and uids find the groups of a user.
	// The numbers are indexes of names.
	groups map[string]int
	dns    map[string][]int
	uids   map[string][]int
	count  int
	length int
}

func newMemberships() *memberships {
	return &memberships{nameCounts: map[string]int{}, groups: map[string]int{}, dns: map[string][]int{}, uids: map[string][]int{}}
}

// readGroups reads all groups; nil if there are none to read.
func (d *Directory) readGroups(ctx context.Context, s *session) (*memberships, error) {
	if d.opts.GroupBaseDN == "" {
		return nil, nil
	}
	m := newMemberships()
	m.nested = d.opts.NestedGroups
	request := d.search(d.opts.GroupBaseDN, d.opts.GroupFilter, attributeName, attributeMember, attributeUnique, attributeMemberUID, attributeMemberOf)
	if err := s.eachEntry(ctx, request, d.opts.PageSize, m.add); err != nil {
		return nil, err
	}
	return m, nil
}

// add adds a group, with its own memberships if nested groups count.
func (m *memberships) add(entry *ldap.Entry) error {
	name := strings.TrimSpace(groupName(entry))
	if name == "" {
		return nil // a group without a name is not used
	}
	group := len(m.names)
	m.names = append(m.names, name)
	m.nameCounts[userman.FoldGroupName(name)]++
	m.groups[normalizeDN(entry.DN)] = group
	m.length += len(name) + len(entry.DN)
	if m.nested {
		m.addParents(entry)
	}
	for _, dn := range entry.GetEqualFoldAttributeValues(attributeMember) {
		m.addMember(m.dns, normalizeDN(dn), group)
	}
	for _, dn := range entry.GetEqualFoldAttributeValues(attributeUnique) {
		m.addMember(m.dns, normalizeDN(optionalUID.ReplaceAllString(dn, "")), group)
	}
	for _, uid := range entry.GetEqualFoldAttributeValues(attributeMemberUID) {
		m.addMember(m.uids, uid, group)
	}
	if m.count > maxMemberships || m.length > maxMembershipText {
		return fmt.Errorf("ldapdir: the groups have more than %d members in total, or names that are too long; narrow GroupFilter", maxMemberships)
	}
	return nil
}

// addParents adds the memberships that a group has itself.
func (m *memberships) addParents(entry *ldap.Entry) {
	parents := []string{normalizeDN(entry.DN)} // which the members of other groups name
	for _, dn := range entry.GetEqualFoldAttributeValues(attributeMemberOf) {
		parents = append(parents, normalizeDN(dn))
		m.length += len(dn)
	}
	m.parents = append(m.parents, parents)
	m.count += len(parents)
}

// withParents returns the groups and all groups that they are members of, at any depth.
func (m *memberships) withParents(groups []int) []int {
	seen := make(map[int]bool, len(groups))
	for queue := groups; len(queue) > 0; {
		group := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if seen[group] {
			continue
		}
		seen[group] = true
		own := m.parents[group]
		queue = append(queue, m.dns[own[0]]...)
		for _, dn := range own[1:] {
			if parent, known := m.groups[dn]; known {
				queue = append(queue, parent)
			}
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

func (m *memberships) addMember(members map[string][]int, key string, group int) {
	if members[key] == nil {
		m.length += len(key)
	}
	members[key] = append(members[key], group)
	m.count++
}

// groupsOf returns the groups of a user, sorted. A name that two groups have costs
// that membership.
func (m *memberships) groupsOf(entry *ldap.Entry) (names []string, ambiguous []userman.DirectoryWarning) {
	groups := slices.Clone(m.dns[normalizeDN(entry.DN)])
	for _, uid := range entry.GetEqualFoldAttributeValues(attributeUID) {
		groups = append(groups, m.uids[uid]...)
	}
	for _, dn := range entry.GetEqualFoldAttributeValues(attributeMemberOf) {
		if group, known := m.groups[normalizeDN(dn)]; known {
			groups = append(groups, group)
		}
	}
	if m.nested {
		groups = m.withParents(groups)
	}
	for _, group := range groups {
		if m.nameCounts[userman.FoldGroupName(m.names[group])] > 1 {
			ambiguous = append(ambiguous, userman.DirectoryWarning{
				Field: "groups", Message: "two groups of the directory have the name " + m.names[group] + "; rename one of them there, or narrow the group filter",
			})
			continue
		}
		names = append(names, m.names[group])
	}
	slices.Sort(names)
	return slices.Compact(names), slices.Compact(ambiguous)
}

// groupName returns the cn of a group; of several, the one in its DN.
func groupName(entry *ldap.Entry) string {
	if dn, err := ldap.ParseDN(entry.DN); err == nil && len(dn.RDNs) > 0 {
		for _, part := range dn.RDNs[0].Attributes {
			if strings.EqualFold(part.Type, attributeName) {
				return part.Value
			}
		}
	}
	return entry.GetEqualFoldAttributeValue(attributeName)
}

// optionalUID is the optional suffix of a DN in uniqueMember (RFC 4517, 3.3.21).
var optionalUID = regexp.MustCompile(`#'[01]*'B$`)

// normalizeDN returns the form of a DN for comparisons, without case and
// insignificant spaces.
func normalizeDN(dn string) string {
	parsed, err := ldap.ParseDN(dn)
	if err != nil {
		return strings.ToLower(dn)
	}
	return strings.ToLower(parsed.String())
}
