// Package file is a registry in files that people write: a folder with one JSON
// record per instance.
//
// # The model
//
// Keys are paths below [Config.Root], and a value is a file's content:
//
//	<root>/services/api/api-7.json   is the key   /services/api/api-7
//
// A file is one key: its name less ".json". Names that begin with a dot, other
// extensions, folders and whatever is no regular file are left out, so that what
// editors and deployments leave beside the records does no harm. Symbolic links
// are followed, and a folder of a Kubernetes config map can be used as it is.
//
// A [Source] implements registry.Source. There is no TTL: an instance is listed
// until its file is removed. Nothing is written here.
//
// # Guarantees
//
//  1. A file that is half written, too long, unreadable or whose link leads nowhere
//     is a bad value of its own key, and no other key's matter. Whoever writes
//     beside and renames is never seen half-way.
//  2. A root that is gone, a folder that does not open, or that holds more than
//     [Config.MaxFiles], is an error, never an empty listing: the caller keeps what
//     it knows.
//  3. A file that is removed is a deleted key. A folder that is removed, or is
//     empty of a sudden, explains nothing (it may have been unmounted): it is a
//     change of the whole directory, and registry.View's guards decide.
//  4. Indexes are this process's own count of what it saw, one for all folders. They
//     begin with the time at which the source was made, so that they grow across
//     restarts as well, and say nothing about another process's.
//  5. A call ends with the answer, with the context, or after its limit, also on a
//     file system that hangs: then one goroutine stays with it.
//
// # Watching
//
// Next looks at the folder every [Config.Poll]; no notification of the system is
// used, since those of network file systems and bind mounts are not to be relied
// upon. Two writes of one file between two looks are one change.
//
// All methods may be called at the same time.
package file
