package ring

// Hash is where a key lies in the keyspace: FNV-1a of 64 bits over its bytes, and
// then the 64-bit finalizer of MurmurHash3, since the upper bits of FNV-1a alone
// are poor for short keys. It is part of the contract: whatever was placed by it
// is found by it, in every version.
func Hash(key string) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for i := range len(key) {
		h = (h ^ uint64(key[i])) * prime
	}
	return finish(h)
}

func finish(h uint64) uint64 {
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// pointAt is where an instance's virtual node of that number lies: a step of the
// golden ratio from the hash of the instance's ID, for each number, finished like a
// key.
func pointAt(id uint64, number int) uint64 {
	return finish(id + uint64(number+1)*0x9e3779b97f4a7c15)
}
