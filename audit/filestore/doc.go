// Package filestore keeps the chains of an access log (D.M. Interno 17 October
// 2022, annex 2, "Ulteriori specifiche tecniche" 1) in files, one for each
// chain, in the format of package audit.
//
//	store, err := filestore.Open("audit", filestore.Config{})
//	defer store.Close()
//
// # Guarantees
//
//   - What Append has acknowledged was written and synced, and for a new file
//     its folder too. The folder has mode 0700 if Open makes it, the files 0600.
//   - One process at a time has the folder open: a second Open fails with
//     [ErrLocked]. The kernel holds the lock, until the process ends in any way: on
//     the folder itself (flock), on Windows on the empty file .lock in it
//     (LockFileEx). Network file systems are not supported.
//   - After a failed sync it is not known what the disk holds. The chain takes no
//     more records ([ErrPoisoned]) until the folder is opened again and the file
//     is read. A sync is never tried twice. A failed write, for example on a full
//     disk, is undone, and the next may succeed.
//   - If somebody has replaced, shortened or extended a file since the last append,
//     the next append fails and the chain is poisoned.
//   - Open cuts off the remains of an interrupted write at the end of a file, and
//     reports them with the bytes ([Store.Recoveries]). None of them was
//     acknowledged. Any other fault is a [CorruptError], and the file is left
//     unchanged: a person has to decide what to do.
//
// The remains of an interrupted write are the first part of a record. After a crash
// of the machine they can also be sectors of 512 bytes in the last append that were
// never written and read as zeros (a file is synced after each append, and after
// each 256 KiB of one). A last record that is complete but wrong is neither. If the
// two cannot be distinguished, for example if less than 16 bytes at the end are
// zeros, the error is a CorruptError, and a person may cut the file at the place
// that it names.
//
// A record that a later version of package audit wrote, complete or not, is a
// CorruptError too: open the folder with that version.
//
// Open checks each file's end, as far back as an interrupted write can reach.
// To check everything, set Config.Full or call [audit.Log.Verify].
//
// Other processes may read the files at the same time, for example with
// [audit.VerifyFS].
//
// # Windows
//
// A folder cannot be synced there. Records that were acknowledged are on disk, but
// whether a power failure can take away a file that is new is up to the file system.
// Modes do not exist: who may read is in the access control list of the folder,
// which the files inherit. Give the folder to the account of the program alone.
package filestore
