package web

import "github.com/pbxusers/pbxusers/examples/internal/app"

// groupRoutes are the pages of groups and of what they permit.
func groupRoutes() []route {
	const section, one = app.SectionGroups, "/groups/{name}"
	return []route{
		get("/groups", section, (*pageHandler).groupList),
		get("/groups/new", section, (*pageHandler).groupNew),
		post("/groups/new", section, (*pageHandler).groupCreate),
		get(one, section, (*pageHandler).groupForm),
		post(one, section, (*pageHandler).groupSave),
		post(one+"/members", section, (*pageHandler).groupMembers),
		get(one+"/delete", section, (*pageHandler).groupConfirmDelete),
		post(one+"/delete", section, (*pageHandler).groupDelete),
		get("/permissions", section, (*pageHandler).permissionMatrix),
	}
}
