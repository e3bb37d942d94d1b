package web

import "github.com/pbxusers/pbxusers/examples/internal/site"

// groupRoutes are the pages of groups and of what they permit.
func groupRoutes() []route {
	const section, one = site.SectionGroups, "/groups/{name}"
	return []route{
		get("/groups", section, (*visit).groupList),
		get("/groups/new", section, (*visit).groupNew),
		post("/groups/new", section, (*visit).groupCreate),
		get(one, section, (*visit).groupForm),
		post(one, section, (*visit).groupSave),
		post(one+"/members", section, (*visit).groupMembers),
		get(one+"/delete", section, (*visit).groupAskDelete),
		post(one+"/delete", section, (*visit).groupDelete),
		get("/permissions", section, (*visit).permissionMatrix),
	}
}
