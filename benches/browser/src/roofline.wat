;; What this page's processor gives at best: bytes read a second, and products summed a second, in f32 and in int8. Each
;; function runs its loop `$rounds` times over registers or memory and returns a sum, so that nothing is optimised away.
(module
  (memory (export "memory") 513) ;; 32 MiB past the first page: more than a core's caches hold

  ;; Reads 32 MiB a round, 64 bytes a step.
  (func (export "read") (param $rounds i32) (result i32)
    (local $at i32) (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (loop $round
      (local.set $at (i32.const 65536))
      (loop $step
        (local.set $a (v128.xor (local.get $a) (v128.load (local.get $at))))
        (local.set $b (v128.xor (local.get $b) (v128.load offset=16 (local.get $at))))
        (local.set $c (v128.xor (local.get $c) (v128.load offset=32 (local.get $at))))
        (local.set $d (v128.xor (local.get $d) (v128.load offset=48 (local.get $at))))
        (br_if $step (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 64))) (i32.const 33619968))))
      (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (i32x4.extract_lane 0 (v128.xor (v128.xor (local.get $a) (local.get $b)) (v128.xor (local.get $c) (local.get $d)))))

  ;; 8 x 4 products a round, each added to a sum, two for each load as in a register-blocked kernel; f32.
  (func (export "f32") (param $rounds i32) (result f32)
    (local $x v128) (local $y v128) (local $w v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local $e v128) (local $f v128) (local $g v128) (local $h v128)
    (local.set $x (f32x4.splat (f32.const 0.5)))
    (local.set $y (f32x4.splat (f32.const 0.25)))
    (loop $round
      (local.set $w (v128.load (i32.const 0)))
      (local.set $a (f32x4.add (local.get $a) (f32x4.mul (local.get $x) (local.get $w))))
      (local.set $b (f32x4.add (local.get $b) (f32x4.mul (local.get $y) (local.get $w))))
      (local.set $w (v128.load (i32.const 16)))
      (local.set $c (f32x4.add (local.get $c) (f32x4.mul (local.get $x) (local.get $w))))
      (local.set $d (f32x4.add (local.get $d) (f32x4.mul (local.get $y) (local.get $w))))
      (local.set $w (v128.load (i32.const 32)))
      (local.set $e (f32x4.add (local.get $e) (f32x4.mul (local.get $x) (local.get $w))))
      (local.set $f (f32x4.add (local.get $f) (f32x4.mul (local.get $y) (local.get $w))))
      (local.set $w (v128.load (i32.const 48)))
      (local.set $g (f32x4.add (local.get $g) (f32x4.mul (local.get $x) (local.get $w))))
      (local.set $h (f32x4.add (local.get $h) (f32x4.mul (local.get $y) (local.get $w))))
      (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (f32x4.extract_lane 0
      (f32x4.add
        (f32x4.add (f32x4.add (local.get $a) (local.get $b)) (f32x4.add (local.get $c) (local.get $d)))
        (f32x4.add (f32x4.add (local.get $e) (local.get $f)) (f32x4.add (local.get $g) (local.get $h))))))

  ;; The same, fused; relaxed-simd.
  (func (export "f32Fused") (param $rounds i32) (result f32)
    (local $x v128) (local $y v128) (local $w v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local $e v128) (local $f v128) (local $g v128) (local $h v128)
    (local.set $x (f32x4.splat (f32.const 0.5)))
    (local.set $y (f32x4.splat (f32.const 0.25)))
    (loop $round
      (local.set $w (v128.load (i32.const 0)))
      (local.set $a (f32x4.relaxed_madd (local.get $x) (local.get $w) (local.get $a)))
      (local.set $b (f32x4.relaxed_madd (local.get $y) (local.get $w) (local.get $b)))
      (local.set $w (v128.load (i32.const 16)))
      (local.set $c (f32x4.relaxed_madd (local.get $x) (local.get $w) (local.get $c)))
      (local.set $d (f32x4.relaxed_madd (local.get $y) (local.get $w) (local.get $d)))
      (local.set $w (v128.load (i32.const 32)))
      (local.set $e (f32x4.relaxed_madd (local.get $x) (local.get $w) (local.get $e)))
      (local.set $f (f32x4.relaxed_madd (local.get $y) (local.get $w) (local.get $f)))
      (local.set $w (v128.load (i32.const 48)))
      (local.set $g (f32x4.relaxed_madd (local.get $x) (local.get $w) (local.get $g)))
      (local.set $h (f32x4.relaxed_madd (local.get $y) (local.get $w) (local.get $h)))
      (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (f32x4.extract_lane 0
      (f32x4.add
        (f32x4.add (f32x4.add (local.get $a) (local.get $b)) (f32x4.add (local.get $c) (local.get $d)))
        (f32x4.add (f32x4.add (local.get $e) (local.get $f)) (f32x4.add (local.get $g) (local.get $h))))))

  ;; 8 x 16 products a round; int8, relaxed-simd.
  (func (export "int8") (param $rounds i32) (result i32)
    (local $x v128) (local $y v128) (local $w v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local $e v128) (local $f v128) (local $g v128) (local $h v128)
    (local.set $x (i8x16.splat (i32.const 3)))
    (local.set $y (i8x16.splat (i32.const 5)))
    (loop $round
      (local.set $w (v128.load (i32.const 0)))
      (local.set $a (i32x4.relaxed_dot_i8x16_i7x16_add_s (local.get $w) (local.get $x) (local.get $a)))
      (local.set $b (i32x4.relaxed_dot_i8x16_i7x16_add_s (local.get $w) (local.get $y) (local.get $b)))
      (local.set $w (v128.load (i32.const 16)))
      (local.set $c (i32x4.relaxed_dot_i8x16_i7x16_add_s (local.get $w) (local.get $x) (local.get $c)))
      (local.set $d (i32x4.relaxed_dot_i8x16_i7x16_add_s (local.get $w) (local.get $y) (local.get $d)))
      (local.set $w (v128.load (i32.const 32)))
      (local.set $e (i32x4.relaxed_dot_i8x16_i7x16_add_s (local.get $w) (local.get $x) (local.get $e)))
      (local.set $f (i32x4.relaxed_dot_i8x16_i7x16_add_s (local.get $w) (local.get $y) (local.get $f)))
      (local.set $w (v128.load (i32.const 48)))
      (local.set $g (i32x4.relaxed_dot_i8x16_i7x16_add_s (local.get $w) (local.get $x) (local.get $g)))
      (local.set $h (i32x4.relaxed_dot_i8x16_i7x16_add_s (local.get $w) (local.get $y) (local.get $h)))
      (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (i32x4.extract_lane 0
      (i32x4.add
        (i32x4.add (i32x4.add (local.get $a) (local.get $b)) (i32x4.add (local.get $c) (local.get $d)))
        (i32x4.add (i32x4.add (local.get $e) (local.get $f)) (i32x4.add (local.get $g) (local.get $h))))))

  ;; 8 x 8 products a round; int16, which int8 is widened to where there is no int8 product.
  (func (export "int16") (param $rounds i32) (result i32)
    (local $x v128) (local $y v128) (local $w v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local $e v128) (local $f v128) (local $g v128) (local $h v128)
    (local.set $x (i16x8.splat (i32.const 3)))
    (local.set $y (i16x8.splat (i32.const 5)))
    (loop $round
      (local.set $w (v128.load (i32.const 0)))
      (local.set $a (i32x4.add (local.get $a) (i32x4.dot_i16x8_s (local.get $w) (local.get $x))))
      (local.set $b (i32x4.add (local.get $b) (i32x4.dot_i16x8_s (local.get $w) (local.get $y))))
      (local.set $w (v128.load (i32.const 16)))
      (local.set $c (i32x4.add (local.get $c) (i32x4.dot_i16x8_s (local.get $w) (local.get $x))))
      (local.set $d (i32x4.add (local.get $d) (i32x4.dot_i16x8_s (local.get $w) (local.get $y))))
      (local.set $w (v128.load (i32.const 32)))
      (local.set $e (i32x4.add (local.get $e) (i32x4.dot_i16x8_s (local.get $w) (local.get $x))))
      (local.set $f (i32x4.add (local.get $f) (i32x4.dot_i16x8_s (local.get $w) (local.get $y))))
      (local.set $w (v128.load (i32.const 48)))
      (local.set $g (i32x4.add (local.get $g) (i32x4.dot_i16x8_s (local.get $w) (local.get $x))))
      (local.set $h (i32x4.add (local.get $h) (i32x4.dot_i16x8_s (local.get $w) (local.get $y))))
      (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (i32x4.extract_lane 0
      (i32x4.add
        (i32x4.add (i32x4.add (local.get $a) (local.get $b)) (i32x4.add (local.get $c) (local.get $d)))
        (i32x4.add (i32x4.add (local.get $e) (local.get $f)) (i32x4.add (local.get $g) (local.get $h)))))))
