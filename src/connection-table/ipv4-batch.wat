;; A batch of IPv4 keys in the slots of ipv4-index.ts, 128 of them at a time, in three passes: the home line of each key, a touch of
;; all these lines, the comparison. The second pass does nothing but read, so that the processor waits for as many lines of memory at
;; once as it can. The first takes four keys at once, the third the four slots of a line.
;;
;; The memory begins with a page of its own, the slots follow at 65536:
;;       0  1024 keys of 16 bytes: client, ports, other address, wanted code (see key.ts)
;;   16384  1024 numbers of what was found, or -1
;;   20480  128 addresses of home slots
;;
;; A line has 64 bytes: the clients of its four slots, their ports, their other addresses, their last words.
(module
  (import "slots" "memory" (memory 2))
  (func (export "findBatch")
    (param $count i32) (param $seed i32) (param $slotsPerHash f64) (param $end i32)
    (local $key i32) (local $keys_end i32) (local $block_end i32) (local $home i32) (local $homes_end i32)
    (local $touched i32) (local $line i32) (local $matches i32) (local $first i32)
    (local $seeds v128) (local $scale v128) (local $hash v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local $client v128) (local $ports v128) (local $other v128) (local $wanted v128) (local $counts v128) (local $last v128)

    (local.set $seeds (i32x4.splat (local.get $seed)))
    (local.set $scale (f64x2.splat (local.get $slotsPerHash)))
    (local.set $keys_end (i32.shl (local.get $count) (i32.const 4)))
    (loop $blocks
      (local.set $block_end (i32.add (local.get $key) (i32.const 2048)))
      (if (i32.gt_u (local.get $block_end) (local.get $keys_end)) (then (local.set $block_end (local.get $keys_end))))
      (local.set $homes_end (i32.add (i32.const 20480) (i32.shr_u (i32.sub (local.get $block_end) (local.get $key)) (i32.const 2))))

      ;; First pass. Keys behind the last one, up to three, are those of an earlier batch, and do no harm.
      (local.set $home (i32.const 20480))
      (loop $hashes
        ;; Four keys, turned over: their clients in $client, their ports in $ports, their other addresses in $other.
        (local.set $a (v128.load (local.get $key)))
        (local.set $b (v128.load offset=16 (local.get $key)))
        (local.set $c (v128.load offset=32 (local.get $key)))
        (local.set $d (v128.load offset=48 (local.get $key)))
        (local.set $hash (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a) (local.get $b)))
        (local.set $other (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a) (local.get $b)))
        (local.set $a (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $c) (local.get $d)))
        (local.set $b (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $c) (local.get $d)))
        (local.set $client (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $hash) (local.get $a)))
        (local.set $ports (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $hash) (local.get $a)))
        (local.set $other (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $other) (local.get $b)))
        ;; hashIpv4 of hash.ts.
        (local.set $hash (i32x4.mul (v128.xor (local.get $client) (local.get $seeds))
          (v128.const i32x4 0x9e3779b1 0x9e3779b1 0x9e3779b1 0x9e3779b1)))
        (local.set $hash (i32x4.mul
          (v128.xor (v128.xor (local.get $hash) (i32x4.shr_u (local.get $hash) (i32.const 15))) (local.get $ports))
          (v128.const i32x4 0x85ebca6b 0x85ebca6b 0x85ebca6b 0x85ebca6b)))
        (local.set $hash (i32x4.mul
          (v128.xor (v128.xor (local.get $hash) (i32x4.shr_u (local.get $hash) (i32.const 13))) (local.get $other))
          (v128.const i32x4 0xc2b2ae35 0xc2b2ae35 0xc2b2ae35 0xc2b2ae35)))
        (local.set $hash (v128.xor (local.get $hash) (i32x4.shr_u (local.get $hash) (i32.const 16))))
        ;; homeOf of slots.ts, for the lower two hashes and the upper two; a slot has 16 bytes.
        (local.set $a (i32x4.trunc_sat_f64x2_s_zero (f64x2.mul (f64x2.convert_low_i32x4_u (local.get $hash)) (local.get $scale))))
        (local.set $b (i32x4.trunc_sat_f64x2_s_zero (f64x2.mul
          (f64x2.convert_low_i32x4_u (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 (local.get $hash) (local.get $hash)))
          (local.get $scale))))
        (v128.store (local.get $home) (i32x4.add (v128.const i32x4 65536 65536 65536 65536)
          (i32x4.shl (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $a) (local.get $b)) (i32.const 4))))
        (local.set $key (i32.add (local.get $key) (i32.const 64)))
        (br_if $hashes (i32.lt_u
          (local.tee $home (i32.add (local.get $home) (i32.const 16))) (local.get $homes_end))))

      ;; Second pass. Homes behind the last one, up to seven, are those of an earlier block.
      (local.set $home (i32.const 20480))
      (loop $touches
        (local.set $touched (i32.xor (local.get $touched) (i32.load (i32.load (local.get $home)))))
        (local.set $touched (i32.xor (local.get $touched) (i32.load (i32.load offset=4 (local.get $home)))))
        (local.set $touched (i32.xor (local.get $touched) (i32.load (i32.load offset=8 (local.get $home)))))
        (local.set $touched (i32.xor (local.get $touched) (i32.load (i32.load offset=12 (local.get $home)))))
        (local.set $touched (i32.xor (local.get $touched) (i32.load (i32.load offset=16 (local.get $home)))))
        (local.set $touched (i32.xor (local.get $touched) (i32.load (i32.load offset=20 (local.get $home)))))
        (local.set $touched (i32.xor (local.get $touched) (i32.load (i32.load offset=24 (local.get $home)))))
        (local.set $touched (i32.xor (local.get $touched) (i32.load (i32.load offset=28 (local.get $home)))))
        (br_if $touches (i32.lt_u
          (local.tee $home (i32.add (local.get $home) (i32.const 32))) (local.get $homes_end))))

      ;; Third pass.
      (local.set $home (i32.const 20480))
      (local.set $key (i32.sub (local.get $block_end) (i32.shl (i32.sub (local.get $homes_end) (i32.const 20480)) (i32.const 2))))
      (loop $compares
        (local.set $client (v128.load32_splat (local.get $key)))
        (local.set $ports (v128.load32_splat offset=4 (local.get $key)))
        (local.set $other (v128.load32_splat offset=8 (local.get $key)))
        (local.set $wanted (v128.load32_splat offset=12 (local.get $key)))
        ;; The bits of a code that count.
        (local.set $counts (v128.and (i32x4.shl (local.get $wanted) (i32.const 4))
          (v128.const i32x4 0xf0000000 0xf0000000 0xf0000000 0xf0000000)))
        (local.set $first (i32.and (i32.shr_u (i32.load (local.get $home)) (i32.const 4)) (i32.const 3)))
        (local.set $line (i32.and (i32.load (local.get $home)) (i32.const -64)))
        (loop $lines
          (local.set $last (v128.load offset=48 (local.get $line)))
          (local.set $matches (i32x4.bitmask (v128.and
            (v128.and
              (i32x4.eq (v128.load (local.get $line)) (local.get $client))
              (i32x4.eq (v128.load offset=16 (local.get $line)) (local.get $ports)))
            (v128.and
              (i32x4.eq (v128.load offset=32 (local.get $line)) (local.get $other))
              (i32x4.eq (v128.and (v128.xor (local.get $last) (local.get $wanted)) (local.get $counts))
                (v128.const i32x4 0 0 0 0))))))
          (if (local.get $matches)
            (then
              ;; Of several the newest, which comes first from the home on.
              (if (i32.and (local.get $matches) (i32.sub (local.get $matches) (i32.const 1))) (then
                (local.set $matches (i32.shr_u
                  (i32.or (local.get $matches) (i32.shl (local.get $matches) (i32.const 4))) (local.get $first)))
                (local.set $matches (i32.shl (i32.const 1)
                  (i32.and (i32.add (i32.ctz (local.get $matches)) (local.get $first)) (i32.const 3))))))
              ;; An empty slot may match by what is left in it, and then has number 0.
              (i32.store offset=16384 (i32.shr_u (local.get $key) (i32.const 2))
                (i32.sub
                  (i32.and (i32.load offset=48 (i32.add (local.get $line) (i32.shl (i32.ctz (local.get $matches)) (i32.const 2))))
                    (i32.const 0x0fffffff))
                  (i32.const 1))))
            (else
              (if (i32x4.all_true (local.get $last))
                (then
                  (local.set $line (i32.add (local.get $line) (i32.const 64)))
                  (if (i32.eq (local.get $line) (local.get $end)) (then (local.set $line (i32.const 65536))))
                  (local.set $first (i32.const 0))
                  (br $lines))
                (else
                  (i32.store offset=16384 (i32.shr_u (local.get $key) (i32.const 2)) (i32.const -1)))))))
        (local.set $key (i32.add (local.get $key) (i32.const 16)))
        (br_if $compares (i32.lt_u
          (local.tee $home (i32.add (local.get $home) (i32.const 4))) (local.get $homes_end))))
      (br_if $blocks (i32.lt_u (local.get $key) (local.get $keys_end))))

    ;; Kept, so that the touch is not left out as useless.
    (i32.store (i32.const 20992) (local.get $touched))))
