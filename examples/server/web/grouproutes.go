package web

import "github.com/pbxusers/pbxusers/examples/internal/site"

// groupRoutes are the pages of groups and of what they permit, and those of
// what concerns many people at once.
func groupRoutes() []route {
	const section, one = site.SectionGroups, "/groups/{name}"
	const people, directory = site.SectionPeople, "/directories/{directory}"
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
		get("/people/welcome", people, (*visit).welcomeAll),
		post("/people/welcome", people, (*visit).welcomeAllStart),
		get(directory, people, (*visit).directorySync),
		post(directory, people, (*visit).directorySyncStart),
		post("/settings/mail", site.SectionSettings, (*visit).settingsTestMail),
		post("/settings/directories/{directory}", site.SectionSettings, (*visit).settingsTestDirectory),
	}
}
