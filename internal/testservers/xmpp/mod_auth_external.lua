-- mod_auth_external: a program decides who may log in.
--
-- It is started once and asked as often as needed, in one of two protocols. The
-- questions are the same: auth:USER:HOST:PASSWORD, isuser:USER:HOST and
-- setpass:USER:HOST:PASSWORD.
--   generic   a question is a line; the answer is a line, "1" for yes
--   ejabberd  a question has its length before it, in two bytes, the larger
--             first; so has the answer, which is the number 1 or 0 in two bytes
--
-- Debian has no such module: the one of Prosody's community needs lpty, which
-- Debian has for other versions of Lua only. This one needs lua-posix.
--
-- external_auth_command   the program's path; it is given no arguments
-- external_auth_protocol  "generic" unless set
-- external_auth_timeout   seconds that an answer may take; 5 unless set
-- external_auth_terminal  true gives the program a terminal, as the module of
--                         the community does, in the place of two pipes; what
--                         it writes to its standard error then mixes with its
--                         answers

local fcntl = require "posix.fcntl";
local poll = require "posix.poll";
local signal = require "posix.signal";
local stdlib = require "posix.stdlib";
local termio = require "posix.termio";
local unistd = require "posix.unistd";
local wait = require "posix.sys.wait";
local new_sasl = require "util.sasl".new;

local host = module.host;
local command = module:get_option_string("external_auth_command");
local protocol = module:get_option_string("external_auth_protocol", "generic");
local patience = module:get_option_number("external_auth_timeout", 5);
local terminal = module:get_option_boolean("external_auth_terminal", false);

local longest_question = 1000; -- bytes; a terminal takes lines of 4095
local last_descriptor = 255;

assert(command, "external_auth_command is not set");
assert(protocol == "generic" or protocol == "ejabberd", "external_auth_protocol is neither generic nor ejabberd");

-- become turns this process, which was forked, into the program.
local function become(input, output, errors)
	unistd.dup2(input, unistd.STDIN_FILENO);
	unistd.dup2(output, unistd.STDOUT_FILENO);
	if errors then
		unistd.dup2(errors, unistd.STDERR_FILENO);
	end
	for descriptor = unistd.STDERR_FILENO + 1, last_descriptor do
		unistd.close(descriptor);
	end
	unistd.exec(command, {});
	unistd._exit(127);
end

-- with_pipes starts the program with a pipe each way.
local function with_pipes()
	local theirs_in, ours_out = unistd.pipe();
	local ours_in, theirs_out = unistd.pipe();
	local pid = assert(unistd.fork());
	if pid == 0 then
		become(theirs_in, theirs_out);
	end
	unistd.close(theirs_in);
	unistd.close(theirs_out);
	return { pid = pid, input = ours_in, output = ours_out };
end

-- with_terminal starts the program in a terminal that echoes nothing.
local function with_terminal()
	local ours = assert(stdlib.openpt(fcntl.O_RDWR | fcntl.O_NOCTTY));
	assert(stdlib.grantpt(ours));
	assert(stdlib.unlockpt(ours));
	local name = assert(stdlib.ptsname(ours));
	local attributes = assert(termio.tcgetattr(ours));
	attributes.lflag = attributes.lflag & ~termio.ECHO;
	assert(termio.tcsetattr(ours, termio.TCSANOW, attributes));
	local pid = assert(unistd.fork());
	if pid == 0 then
		unistd.setpid("s"); -- a session, whose terminal is the next one opened
		local theirs = fcntl.open(name, fcntl.O_RDWR);
		become(theirs, theirs, theirs);
	end
	return { pid = pid, input = ours, output = ours };
end

local program; -- the one that runs

-- finish ends the program.
local function finish()
	if not program then return; end
	unistd.close(program.input);
	if program.output ~= program.input then
		unistd.close(program.output);
	end
	signal.kill(program.pid, signal.SIGKILL);
	wait.wait(program.pid);
	program = nil;
end

-- complete tells whether an answer is whole.
local function complete(answer)
	if protocol == "generic" then
		return answer:sub(-1) == "\n";
	end
	return #answer >= 4;
end

-- hear reads an answer.
local function hear()
	local answer = "";
	while not complete(answer) do
		if poll.rpoll(program.input, patience * 1000) ~= 1 then
			return nil, "no answer in time";
		end
		local more = unistd.read(program.input, 256);
		if not more or more == "" then
			return nil, "the program ended";
		end
		answer = answer .. more;
	end
	return answer;
end

-- exchange asks the program, which is started where it does not run.
local function exchange(question)
	program = program or (terminal and with_terminal or with_pipes)();
	local written = unistd.write(program.output, question);
	if written ~= #question then
		return nil, "the program does not listen";
	end
	return hear();
end

-- ask returns true for yes, false for no, and nil where there is no answer.
local function ask(...)
	local question = table.concat({ ... }, ":");
	if #question > longest_question or question:find("%c") then
		module:log("warn", "a question was not asked: it is too long, or has control characters");
		return nil;
	end
	local framed = protocol == "generic" and question .. "\n" or string.pack(">s2", question);
	local answer, problem = exchange(framed);
	if not answer then
		module:log("error", "asking %s: %s", command, problem);
		finish(); -- an answer that comes later must not be taken for the next one
		return nil;
	end
	if protocol == "generic" then
		return answer:gsub("\r?\n$", "") == "1";
	end
	return answer == "\0\2\0\1";
end

local provider = {};

function provider.test_password(username, password)
	return ask("auth", username, host, password);
end

function provider.user_exists(username)
	return ask("isuser", username, host);
end

function provider.set_password(username, password)
	return ask("setpass", username, host, password);
end

function provider.create_user()
	return nil, "Accounts are made where the program knows them from.";
end

function provider.delete_user()
	return nil, "Accounts are deleted where the program knows them from.";
end

function provider.get_sasl_handler()
	return new_sasl(host, {
		plain_test = function(_, username, password)
			return provider.test_password(username, password), true;
		end;
	});
end

module.unload = finish;
module:hook_global("server-stopping", finish);

module:provides("auth", provider);
